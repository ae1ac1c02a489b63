"""What the report says of the sample estate, typed by hand, and what it says when the estate is broken."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof import prove
from tenant_keys.review.report import build_document, render_html, render_json, render_markdown
from tenant_keys.review.report.controls import CHECKS
from tenant_keys.review.report.names import named_values, names_of
from tests.once import once
from tools.cloud_assembly import edit_template
from tools.mutants.original import Templates, read, synthesize

Json = dict[str, Any]
CELL = "tenant-keys-cell-eu-west-1-001"
BY_ALIAS = {"alias": True, "context": True}
DESCRIBE = {"action": "kms:DescribeKey", "alias": True, "context": False}
ENCRYPTION = ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")


def tenant_of(document: Json, name: str) -> Json:
    return next(one for one in document["tenants"] if one["id"] == name)


def class_of(document: Json, name: str) -> Json:
    """The class of a tenant, with its own names."""
    tenant = tenant_of(document, name)
    named: Json = named_values(document["classes"][tenant["class"]], names_of(document, tenant))
    return named


def broken(assembly: Path, folder: Path, stack: str, edit: Callable[[Json], None]) -> Path:
    copied = folder / "cdk.out"
    shutil.copytree(assembly, copied)
    edit_template(copied, stack, lambda template: edit(template["Resources"]))
    return copied


def document_of(assembly: Path, estate: Estate) -> Json:
    return build_document(assembly, estate, prove(assembly, estate))


def test_the_sample_is_proved_and_nothing_is_open(sample_document: Json) -> None:
    summary, found = sample_document["summary"], sample_document["findings"]
    assert summary["verdict"] == "proved"
    assert (summary["tenants"], summary["keys"], summary["stacks"]) == (6, 6, 9)
    assert summary["states"] == {"active": 4, "suspended": 1, "offboarding": 1}
    assert (found["proof"], found["rules"], found["nag"]["open"]) == ([], [], [])
    assert found["policies_judged"] > 0
    assert found["nag"]["ran"]


def test_every_acknowledged_finding_has_a_reason(sample_document: Json) -> None:
    acknowledged = sample_document["findings"]["nag"]["acknowledged"]
    assert acknowledged
    assert all(len(one["reason"].split()) > 5 for one in acknowledged)


def test_acme_is_used_through_its_three_workloads_by_alias_and_with_its_context_alone(sample_document: Json) -> None:
    both = [{"action": action, **BY_ALIAS} for action in ENCRYPTION]
    decrypt = {"action": "kms:Decrypt", **BY_ALIAS}
    central = "arn:aws:iam::111111111111:role/tenant-keys/"
    assert class_of(sample_document, "acme")["uses"] == [
        {
            "workload": "billing",
            "role": f"{central}billing/shared.billing",
            "tag": True,
            "operations": [decrypt, DESCRIBE],
        },
        {
            "workload": "orders",
            "role": f"{central}orders/tenant-acme.orders",
            "tag": False,
            "operations": [decrypt, DESCRIBE, *both],
        },
        {
            "workload": "portal",
            "role": f"{central}portal/shared.portal",
            "tag": True,
            "operations": [decrypt, DESCRIBE, *both],
        },
    ]


def test_only_the_tenant_whose_software_needs_it_decrypts_by_the_key(sample_document: Json) -> None:
    by_key = {
        (one["id"], operation["action"])
        for one in sample_document["tenants"]
        for use in sample_document["classes"][one["class"]]["uses"]
        for operation in use["operations"]
        if not operation["alias"]
    }
    assert by_key == {("wayne", "kms:Decrypt")}


def test_a_suspended_and_an_offboarding_tenant_are_used_by_nobody(sample_document: Json) -> None:
    initech = class_of(sample_document, "initech")["uses"]
    assert [use["workload"] for use in initech] == ["orders"]
    assert not any(operation["action"] != "kms:DescribeKey" for use in initech for operation in use["operations"])
    assert class_of(sample_document, "wonka")["uses"] == []


def test_who_administers_acmes_key(sample_document: Json) -> None:
    role = "arn:aws:iam::111111111111:role/"
    deployers = [f"{role}cdk-hnb659fds-cfn-exec-role-111111111111-{place}" for place in ("eu-west-1", "eu-central-1")]
    administrator, breaker = f"{role}KeyAdministrator", f"{role}KeyBreakGlass"
    lists = {one["name"]: one for one in class_of(sample_document, "acme")["administration"]}
    assert {name: sorted(one["who"]) for name, one in lists.items()} == {
        "Deploy": sorted(deployers),
        "Stop": sorted([*deployers, administrator, breaker]),
        "ScheduleDeletion": [breaker],
        "CancelDeletion": sorted([administrator, breaker]),
        "Rotate": [administrator],
        "Read": sorted([*deployers, administrator, breaker, f"{role}SecurityAudit"]),
    }
    assert lists["ScheduleDeletion"]["actions"] == ["kms:ScheduleKeyDeletion"]
    nobody = class_of(sample_document, "acme")["nobody"]
    assert {"kms:CreateGrant", "kms:UpdateAlias", "kms:UpdatePrimaryRegion", "kms:ImportKeyMaterial"} <= set(nobody)


def test_only_globex_may_bring_material_and_only_by_its_own_role(sample_document: Json) -> None:
    importers = {
        (one["id"], who)
        for one in sample_document["tenants"]
        for office in class_of(sample_document, one["id"])["administration"]
        if "kms:ImportKeyMaterial" in office["actions"]
        for who in office["who"]
    }
    assert importers == {("globex", "arn:aws:iam::111111111111:role/key-import/globex-key-import")}


def test_everything_that_was_tried_went_as_declared_and_both_ways(sample_document: Json) -> None:
    for one in sample_document["classes"]:
        outcomes = {row["outcome"] for row in one["attempts"]}
        assert all(row["as_expected"] and row["by"] for row in one["attempts"])
        assert outcomes >= {"ALLOWED", "EXPLICIT_DENY"}
    acme = [row for row in class_of(sample_document, "acme")["attempts"] if row["group"] == "another tenant"]
    assert len(acme) == 24  # three workloads, two actions, four ways to ask
    assert {row["outcome"] for row in acme} == {"EXPLICIT_DENY"}


def test_every_distinct_statement_is_once_and_has_a_sentence(sample_document: Json) -> None:
    rows = sample_document["statements"]
    texts = [json.dumps([row["policy"], row["json"]], sort_keys=True) for row in rows]
    assert len(set(texts)) == len(texts) > 40
    assert all(row["sentence"].endswith(".") and row["sid"] for row in rows)


def test_no_safeguard_is_a_single_point_of_failure_for_plaintext(sample_document: Json) -> None:
    assert len(sample_document["safeguards"]) > 30
    assert not [one for one in sample_document["safeguards"] if one["lost"] == "plaintext"]


def test_the_document_is_json_and_says_so_twice_alike(sample_document: Json) -> None:
    assert json.loads(json.dumps(sample_document)) == sample_document
    assert sample_document["schema"] == "tenant-keys/review/1"


def test_a_door_left_open_is_refuted_and_shown_on_the_tenants_page(
    sample_assembly: Path, sample_estate: Estate, tmp_path: Path
) -> None:
    def open_a_door(resources: Json) -> None:
        statements = resources["Keyacme"]["Properties"]["KeyPolicy"]["Statement"]
        denies = ("DenyUseByAnyoneElse", "DenyOtherAlias", "DenyOtherContext", "DenyOutsideOrganization")
        statements[:] = [one for one in statements if one["Sid"] not in denies]
        principal = {"AWS": "arn:aws:iam::999999999999:root"}
        statements.append(
            {"Sid": "Door", "Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"}
        )

    document = document_of(broken(sample_assembly, tmp_path, CELL, open_a_door), sample_estate)

    assert document["summary"]["verdict"] == "refuted"
    assert any(one["tenant"] == "acme" and one["request"] for one in document["findings"]["proof"])
    assert [row["rule"] for row in document["findings"]["rules"] if "Door" in row["where"]] == [
        "key_policy_allow_beyond_root"
    ]
    failed = {row["id"] for row in document["controls"]["rows"] if row["status"] == "not met"}
    assert {"AC-2", "AC-3", "7.2.1"} <= failed


def test_a_policy_that_is_not_understood_leaves_the_tenants_without_a_class_and_no_proof(
    sample_assembly: Path, sample_estate: Estate, tmp_path: Path
) -> None:
    def unknown_operator(resources: Json) -> None:
        statement = resources["Keyacme"]["Properties"]["KeyPolicy"]["Statement"][0]
        statement["Condition"] = {"StringSoundsLike": {"aws:PrincipalArn": "x"}}

    document = document_of(broken(sample_assembly, tmp_path, CELL, unknown_operator), sample_estate)

    assert document["summary"]["verdict"] == "not proved"
    assert document["findings"]["proof"]
    assert tenant_of(document, "acme")["class"] is None
    assert class_of(document, "globex")["uses"]
    assert {row["status"] for row in document["controls"]["rows"]} == {"not met", "elsewhere"}


def test_key_star_without_a_region_or_account_fails_the_control_on_decryption(
    sample_assembly: Path, sample_estate: Estate, tmp_path: Path
) -> None:
    def widen(resources: Json) -> None:
        statement = resources["RoleacmeFororders"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
        statement["Resource"] = "*"

    document = document_of(broken(sample_assembly, tmp_path, "tenant-keys-roles-001", widen), sample_estate)

    status = {row["id"]: row["status"] for row in document["controls"]["rows"]}
    assert status["KMS.2"] == "not met"
    assert status["SC-12"] == "met"


BREAKS: dict[str, Callable[[Json], None]] = {
    "no_managed_policies": lambda d: d["roles"][0].update(managed=["arn:aws:iam::aws:policy/AdministratorAccess"]),
    "no_decryption_with_all_keys": lambda d: _statement(d, "identity")["json"].update(
        Action="kms:Decrypt", Resource="*"
    ),
    "deletion_is_deliberate": lambda d: d["tenants"][0]["keys"][0].update(retained=False),
    "keys_rotate": lambda d: d["profiles"][0].update(rotation_days=None),
    "no_public_key": lambda d: _statement(d, "key")["json"].update(Principal={"AWS": "*"}),
    "holders_are_known": lambda d: d["summary"].update(verdict="refuted"),
    "isolation_is_proved": lambda d: d["summary"].update(verdict="not proved"),
    "duties_are_separate": lambda d: _attempt(d, "administration", "kms:Decrypt").update(outcome="ALLOWED"),
    "privilege_is_least": lambda d: _statement(d, "identity")["json"].update(Action="kms:Dec*"),
    "material_stays_inside": lambda d: _office(d, "kms:ImportKeyMaterial")["who"].append("arn:aws:iam::1:role/x"),
    "no_substitution": lambda d: d["summary"].update(repointed_alias_yields_plaintext=True),
}


def _statement(document: Json, policy: str) -> Json:
    found: Json = next(r for r in document["statements"] if r["policy"] == policy and r["effect"] == "Allow")
    return found


def _attempt(document: Json, group: str, action: str) -> Json:
    rows = (row for one in document["classes"] for row in one["attempts"])
    found: Json = next(row for row in rows if row["group"] == group and row["action"] == action)
    return found


def _office(document: Json, action: str) -> Json:
    offices = (office for one in document["classes"] for office in one["administration"])
    found: Json = next(office for office in offices if action in office["actions"])
    return found


def test_security_hub_fails_a_key_whose_policy_config_cannot_read_and_one_that_is_scheduled(
    sample_document: Json,
) -> None:
    """Security Hub guide, kms-controls: KMS.5 (Config's access) and KMS.3 (any scheduled deletion)."""
    rows = {row["id"]: row for row in sample_document["controls"]["rows"]}
    for control, said in (("KMS.3", "each key that break-glass schedules"), ("KMS.5", "AWS Config cannot read")):
        assert rows[control]["status"] == "elsewhere"
        assert any(said in line for line in rows[control]["evidence"])
    document = copy.deepcopy(sample_document)
    role = "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    for one in document["classes"]:
        for office in one["administration"]:
            if "kms:GetKeyPolicy" in office["actions"]:
                office["who"].append(f"arn:aws:iam::111111111111:{role}")
    assert CHECKS["no_public_key"](document)[0] == "met"


@pytest.mark.parametrize("name", BREAKS)
def test_each_control_can_fail(sample_document: Json, name: str) -> None:
    sound = {"no_public_key": "elsewhere", "keys_rotate": "partly"}  # the sample has a key with imported material
    assert CHECKS[name](sample_document)[0] == sound.get(name, "met")
    document = copy.deepcopy(sample_document)
    BREAKS[name](document)
    assert CHECKS[name](document)[0] == "not met"


def test_rotation_is_met_where_every_key_rotates_and_partly_where_one_never_does(sample_document: Json) -> None:
    rows = {row["id"]: row for row in sample_document["controls"]["rows"]}
    assert {rows[control]["status"] for control in ("KMS.4", "3.6", "SC-28(3)", "3.7.4")} == {"partly"}
    assert any("which KMS never rotates" in line for line in rows["KMS.4"]["evidence"])
    document = copy.deepcopy(sample_document)
    for profile in document["profiles"]:
        profile["origin"] = "AWS_KMS"
        profile["rotation_days"] = 365
    assert CHECKS["keys_rotate"](document)[0] == "met"


def test_a_report_shows_what_it_was_made_of_in_every_form(sample_document: Json) -> None:
    files = [{"name": name, "sha256": name[0] * 64} for name in ("manifest", "lock", "assembly")]
    made_of: Json = {"date": "2026-11-28T15:00:00+00:00", "commit": "c" * 40, "modified": True, "files": files}
    document = {**sample_document, "provenance": made_of}
    for text in (render_html(document), render_markdown(document)):
        for part in (made_of["date"], "c" * 40, ", with changes that are not committed", "m" * 64, "l" * 64, "a" * 64):
            assert part in text
    assert json.loads(render_json(document))["provenance"] == made_of
    assert "What was reviewed" not in render_html({**document, "provenance": None})


def test_each_workload_shows_what_identifies_it(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    original = read(once(tmp_path_factory, "mutations", synthesize))
    templates = Templates(original.templates)
    properties = {
        "ClusterName": "main",
        "Namespace": "shop",
        "ServiceAccount": "orders",
        "RoleArn": "arn:aws:iam::222222222222:role/tenant-keys-orders",
    }
    association = {"Type": "AWS::EKS::PodIdentityAssociation", "Properties": properties}
    templates.resources("tenant-keys-workload-222222222222-eu-west-1")["Pod"] = association
    document = document_of(original.write(templates, tmp_path / "with-pod"), original.estate)
    ways = {one["name"]: one["identified_by"] for one in document["workloads"]}
    assert ways == {
        "billing": [],
        "mails": [
            (
                "pods of service account mails, namespace mails, by tokens of oidc.eks.eu-west-1.amazonaws.com/id/AB "
                "(IRSA; the provider is not in these templates)"
            )
        ],
        "notes": [
            "pods of service account notes, namespace notes, cluster main in eu-central-1 (EKS Pod Identity)",
            "pods of service account notes, namespace notes, cluster main in eu-west-1 (EKS Pod Identity)",
        ],
        "orders": ["pods of service account orders, namespace shop, cluster main in eu-west-1 (EKS Pod Identity)"],
        "portal": ["tokens of https://login.example.com for audience portal-keys; its provider admits portal-keys"],
        "premises": [
            (
                "certificates with common name premises, issued by arn:aws:acm-pca:eu-west-1:333333333333:"
                "certificate-authority/11111111-2222-3333-4444-555555555555 (trust anchor in eu-west-1)"
            )
        ],
    }
    for text in (render_html(document), render_markdown(document)):
        assert "namespace shop, cluster main in eu-west-1 (EKS Pod Identity)" in text


def test_every_control_of_the_mapping_is_checked_or_said_to_stand_elsewhere(sample_document: Json) -> None:
    assert set(CHECKS) - set(BREAKS) == {"logging_is_elsewhere", "no_deletion_is_scheduled"}
    ids = {(row["framework"].split()[0], row["id"]) for row in sample_document["controls"]["rows"]}
    assert {("AWS", f"KMS.{number}") for number in range(1, 6)} <= ids
    assert {("CIS", "3.6"), ("NIST", "SC-12"), ("PCI", "3.7.4")} <= ids


def test_the_report_says_what_is_detected_and_what_nobody_sees(sample_document: Json) -> None:
    detection = sample_document["detection"]
    rules = {one["id"]: one for one in detection["rules"]}
    assert rules["use-denied"]["severity"] == "high"
    assert rules["use-denied"]["regions"] == ["eu-central-1", "eu-west-1"]
    assert rules["material-expiring"]["regions"] == ["eu-central-1", "eu-west-1"]
    assert len(rules) == 37
    assert detection["forwarding"] == ["222222222222", "333333333333"]
    text = render_markdown(sample_document)
    assert "| use-denied | high | Use of a key was denied" in text
    assert "* Use of a data key that is already in the memory of a process" in text
    assert 'data-view="detection"' in render_html(sample_document)
