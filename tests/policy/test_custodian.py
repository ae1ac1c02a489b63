"""A customer's own principal: what the import role may do, who assumes it, and that nobody else does; typed by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.policy.import_role import import_role_policy, import_role_trust
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.iam import Policies, Policy, Request, authorize, catalogue
from tenant_keys.review.proof import prove
from tenant_keys.review.second_opinion.opinion import second_opinion
from tests.manifest.sample import edited, errors
from tests.policy.callers import ask, callers, import_context, parse_key_policy, session, use_context
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.synth import synthesized

CUSTOMER = "555555555555"
TENANTS = f"""\
  acme: {{workloads: [orders]}}
  globex:
    workloads: [orders]
    key:
      origin: imported
      custodian: {{account: '{CUSTOMER}', role: role/kms/KeyCustodian, external_id: globex-4711}}
  hooli: {{workloads: [orders], key: {{origin: imported, import_role: role/hooli-import}}}}"""
ESTATE = estate_of_text(manifest(tenants=TENANTS))
IMPORTER = session("tenant-keys/import.globex")
MAY = {
    "kms:DeleteImportedKeyMaterial",
    "kms:DescribeKey",
    "kms:GetParametersForImport",
    "kms:ImportKeyMaterial",
    "kms:ListKeyRotations",
    "kms:RotateKeyOnDemand",
}
ACTIONS = sorted(catalogue.actions_on("kms", "key"))


def allowed(estate: Estate, tenant: str, caller: object) -> set[str]:
    """What the key policy alone allows, whatever the caller's own policies say."""
    policy = parse_key_policy(key_policy(estate.tenants[tenant], estate))
    context = {**use_context(tenant), **import_context()}
    return {action for action in ACTIONS if ask(policy, caller, action, context).allowed}  # type: ignore[arg-type]


def test_the_key_policy_lets_the_import_role_do_this_and_no_more() -> None:
    assert allowed(ESTATE, "globex", IMPORTER) == MAY


@pytest.mark.parametrize("tenant", ["acme", "hooli"])
def test_the_import_role_does_nothing_with_another_tenants_key(tenant: str) -> None:
    assert allowed(ESTATE, tenant, IMPORTER) == set()


def test_nobody_else_brings_or_withdraws_the_material() -> None:
    material = {"kms:DeleteImportedKeyMaterial", "kms:GetParametersForImport", "kms:ImportKeyMaterial"}
    others = {**callers("globex"), "of the customer": session("kms/KeyCustodian", CUSTOMER)}
    others |= {f"role/{path}": session(path) for path in ("import.globex", "tenant-keys/import.acme", "hooli-import")}
    assert {name for name, caller in others.items() if allowed(ESTATE, "globex", caller) & material} == set()


def test_the_roles_own_policy_is_this() -> None:
    assert import_role_policy(ESTATE.tenants["globex"], ESTATE) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "BringOwnKey",
                "Effect": "Allow",
                "Resource": ["arn:aws:kms:eu-west-1:111111111111:key/*"],
                "Action": sorted(MAY),
                "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tenant-globex"}},
            }
        ],
    }


def obtains(role: str, account: str, **context: str) -> bool:
    custodian = ESTATE.tenants["globex"].custodian
    assert custodian is not None
    trust = Policy.parse(import_role_trust(custodian, ESTATE), name="trust", kind="resource")
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Version": "2012-10-17"}
    own = Policy.parse(everything, name="own", kind="identity")
    target = "arn:aws:iam::111111111111:role/tenant-keys/import.globex"
    request = Request(session(role, account), "sts:AssumeRole", target, "111111111111", context)
    return authorize(request, Policies(identity=(own,), resource=trust)).allowed


def test_only_the_customers_role_with_its_external_id_obtains_a_session() -> None:
    right = {"sts:externalid": "globex-4711"}
    assert obtains("kms/KeyCustodian", CUSTOMER, **right)
    assert not obtains("kms/KeyCustodian", CUSTOMER)
    assert not obtains("kms/KeyCustodian", CUSTOMER, **{"sts:externalid": "hooli-4711"})
    assert not obtains("KeyCustodian", CUSTOMER, **right)
    assert not obtains("kms/KeyCustodian", "444444444444", **right)
    assert not obtains("KeyAdministrator", "111111111111", **right)


@pytest.mark.slow
def test_an_estate_with_a_custodian_is_proved_by_both_engines(tmp_path: Path) -> None:
    synthesized(ESTATE, tmp_path)
    proof = prove(tmp_path, ESTATE)
    assert (proof.verdict, proof.findings) == ("proved", ())
    opinion = second_opinion(Assembly.open(tmp_path), ESTATE)
    assert (opinion.verdict, opinion.breaches) == ("no such request", [])


GLOBEX = ("import_role: role/globex-import", "custodian: {account: '555555555555', role: role/Keys, external_id: g-1}")
WRONG: dict[str, tuple[Callable[[], str], str]] = {
    "our own account": (
        lambda: edited(GLOBEX, ("'555555555555'", "'111111111111'")),
        "key.custodian.account: got 111111111111, the central account; the custodian is the customer's",
    ),
    "a workload's account": (
        lambda: edited(GLOBEX, ("'555555555555'", "'222222222222'")),
        "key.custodian.account: got 222222222222, the account of workload portal; the custodian is",
    ),
    "both": (
        lambda: edited(GLOBEX, ("custodian:", "import_role: role/other, custodian:")),
        "key.import_role: got role/other beside custodian, for whom the app creates the role; remove one of them",
    ),
    "a key that AWS makes": (
        lambda: edited(GLOBEX, ("origin: imported", "origin: aws-kms")),
        "key.custodian: got role/Keys; only with origin: imported",
    ),
    "a service-linked role": (
        lambda: edited(GLOBEX, ("role/Keys", "role/aws-service-role/kms.amazonaws.com/AWSServiceRoleForKMS")),
        "key.custodian.role: got role/aws-service-role/kms.amazonaws.com/AWSServiceRoleForKMS, a service-linked role",
    ),
    "another customer's external id": (
        lambda: (
            edited(GLOBEX)
            + "  hooli: {key: {origin: imported, custodian: {account: '555555555555', role: role/H, external_id: g-1}}}"
        ),
        "tenants.hooli.key.custodian.external_id: got g-1, the external id of globex; choose another",
    ),
    "no external id": (
        lambda: edited(GLOBEX, (", external_id: g-1", "")),
        "key.custodian.external_id: missing; add it: 2 to 1224 letters",
    ),
    "a name that this app gives": (
        lambda: edited(("role/globex-import", "role/import.globex")),
        "key.import_role: got role/import.globex, the name of a role that this app creates",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_custodian_that_cannot_be_is_refused_with_the_way_out(name: str) -> None:
    text, reported = WRONG[name]
    (problem,) = errors(text())
    assert reported in problem


def test_a_custodian_that_can_be_is_no_error() -> None:
    assert errors(edited(GLOBEX)) == []
