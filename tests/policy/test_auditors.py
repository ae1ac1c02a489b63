"""AWS's own auditors: what their service-linked roles read of a key, typed by hand, and that nobody else reads more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.iam import Principal, PrincipalKind, catalogue
from tenant_keys.review.proof import prove
from tenant_keys.review.second_opinion.opinion import second_opinion
from tests.manifest.sample import edited, errors
from tests.policy.callers import ask, callers, import_context, parse_key_policy, session, use_context
from tests.policy.estates import TENANTS, estate_of_text, manifest, sample
from tests.stacks.synth import synthesized

ANALYZER = "aws-service-role/access-analyzer.amazonaws.com/AWSServiceRoleForAccessAnalyzer"
CONFIG = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
READS = {
    ANALYZER: {"kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants", "kms:ListKeyPolicies"},
    CONFIG: {"kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"},
}
ACTIONS = sorted(catalogue.actions_on("kms", "key"))


def audited(*names: str) -> Estate:
    text = manifest(auditors=f"[{', '.join(names)}]")
    return replace(sample(), central=estate_of_text(text).central)


BOTH = audited("config", "access-analyzer")


def allowed(estate: Estate, tenant: str, caller: Principal) -> set[str]:
    policy = parse_key_policy(key_policy(estate.tenants[tenant], estate))
    context = {**use_context(tenant), **import_context()}
    return {action for action in ACTIONS if ask(policy, caller, action, context).allowed}


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize("role", READS)
def test_an_auditor_reads_what_its_managed_policy_asks_for_and_nothing_else(tenant: str, role: str) -> None:
    assert allowed(BOTH, tenant, session(role)) == READS[role]


@pytest.mark.parametrize("tenant", ["acme", "globex"])
def test_admitting_the_auditors_changes_what_nobody_else_may_do(tenant: str) -> None:
    for name, caller in callers(tenant).items():
        assert allowed(BOTH, tenant, caller) == allowed(sample(), tenant, caller), name


@pytest.mark.parametrize(
    "stranger",
    [
        session(CONFIG.rpartition("/")[2]),
        session(f"other/{CONFIG.rpartition('/')[2]}"),
        session(f"{CONFIG}2"),
        session(CONFIG.lower()),
        session(CONFIG.replace("config.amazonaws.com", "securityhub.amazonaws.com")),
        session(CONFIG, "444444444444"),
        Principal(PrincipalKind.SERVICE, "config.amazonaws.com"),
    ],
    ids=["no path", "another path", "a longer name", "lower case", "another service", "another account", "the service"],
)
def test_nothing_like_an_auditors_role_reads_anything(stranger: Principal) -> None:
    assert allowed(BOTH, "acme", stranger) == set()


def test_each_auditor_is_admitted_alone() -> None:
    assert allowed(audited("config"), "acme", session(ANALYZER)) == set()
    assert allowed(audited("access-analyzer"), "acme", session(CONFIG)) == set()
    assert allowed(sample(), "acme", session(CONFIG)) == set()


@pytest.mark.slow
def test_an_estate_with_auditors_is_proved_by_both_engines(tmp_path: Path) -> None:
    estate = estate_of_text(manifest(auditors="[access-analyzer, config]"))
    synthesized(estate, tmp_path)
    proof = prove(tmp_path, estate)
    assert (proof.verdict, proof.findings) == ("proved", ())
    assert second_opinion(Assembly.open(tmp_path), estate).breaches == []


def test_an_auditor_is_named_once() -> None:
    both = ("  break_glass:", "  auditors: [config]\n  break_glass:")
    assert errors(edited(both)) == []
    (reported,) = errors(edited(both, ("role/SecurityAudit", f"role/{CONFIG}")))
    assert "the role of config in central.auditors, which reads less; name it in one of them" in reported
    (reported,) = errors(edited(("  break_glass:", "  auditors: [config, config]\n  break_glass:")))
    assert "central.auditors[1]: got config twice" in reported
    (reported,) = errors(edited(("  break_glass:", "  auditors: [security-hub]\n  break_glass:")))
    assert 'got "security-hub"; allowed: access-analyzer or config' in reported
