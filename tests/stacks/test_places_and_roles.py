"""Where keys, replicas and roles are, and with which roles they are deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_keys.manifest import Estate
from tenant_stacks import add_stacks
from tenant_stacks.app import run
from tenant_stacks.validation import accepted_findings, add_validations
from tests.policy.estates import ROOT, UMBRELLA_KEY, estate_of_text, manifest, sample, with_tenant
from tests.stacks.synth import artifacts, synthesized


def test_stacks_are_deployed_by_the_roles_that_the_key_policies_name(tmp_path: Path) -> None:
    """KMS's lockout check fails where the execution role of CloudFormation is another."""
    estate = estate_of_text(manifest(bootstrap_qualifier="tenantkeys"))
    templates = synthesized(estate, tmp_path)
    cell = "tenant-keys-cell-eu-west-1-001"
    execution_role = artifacts(tmp_path)[cell]["properties"]["cloudFormationExecutionRoleArn"]
    assert execution_role == (
        "arn:${AWS::Partition}:iam::111111111111:role/cdk-tenantkeys-cfn-exec-role-111111111111-eu-west-1"
    )
    statements = templates[cell]["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]["Statement"]
    (deploy,) = [statement for statement in statements if statement["Sid"] == "Deploy"]
    assert deploy["Condition"]["ArnEquals"]["aws:PrincipalArn"] == [
        "arn:aws:iam::111111111111:role/cdk-tenantkeys-cfn-exec-role-111111111111-eu-west-1",
        "arn:aws:iam::111111111111:role/cdk-tenantkeys-cfn-exec-role-111111111111-eu-central-1",
    ]


def test_one_named_deployment_role_deploys_the_stacks_of_the_central_account(tmp_path: Path) -> None:
    """Any other would be refused by the key policies."""
    synthesized(estate_of_text(manifest(deployment_roles="[role/Deploy]")), tmp_path)
    roles = {
        name: artifact["properties"]["cloudFormationExecutionRoleArn"]
        for name, artifact in artifacts(tmp_path).items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    own = "arn:${AWS::Partition}:iam::222222222222:role/cdk-hnb659fds-cfn-exec-role-222222222222-"
    assert roles == {
        "tenant-keys-audit-eu-central-1": "arn:aws:iam::111111111111:role/Deploy",
        "tenant-keys-audit-eu-west-1": "arn:aws:iam::111111111111:role/Deploy",
        "tenant-keys-cell-eu-west-1-001": "arn:aws:iam::111111111111:role/Deploy",
        "tenant-keys-roles-001": "arn:aws:iam::111111111111:role/Deploy",
        "tenant-keys-workload-222222222222-eu-west-1": f"{own}eu-west-1",
        "tenant-keys-workload-222222222222-eu-central-1": f"{own}eu-central-1",
    }


def test_a_replica_waits_for_the_primarys_id_and_then_stands_in_a_stack_of_its_own(tmp_path: Path) -> None:
    before = synthesized(sample(), tmp_path / "before")
    after = synthesized(with_tenant(sample(), "umbrella", multi_region_key_id=UMBRELLA_KEY), tmp_path / "after")
    replica_stack = "tenant-keys-replica-eu-central-1-of-eu-west-1-001"
    assert set(after) - set(before) == {replica_stack}
    assert artifacts(tmp_path / "after")[replica_stack]["properties"]["terminationProtection"] is True
    assert artifacts(tmp_path / "after")[replica_stack]["environment"] == "aws://111111111111/eu-central-1"
    resources = after[replica_stack]["Resources"]
    primary = after["tenant-keys-cell-eu-west-1-001"]["Resources"]["Keyumbrella"]["Properties"]
    assert set(resources) == {"Replicaumbrella", "Aliasumbrella"}
    replica = resources["Replicaumbrella"]
    assert (replica["DeletionPolicy"], replica["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = replica["Properties"]
    assert properties["PrimaryKeyArn"] == f"arn:aws:kms:eu-west-1:111111111111:key/{UMBRELLA_KEY}"
    assert properties["KeyPolicy"] == primary["KeyPolicy"]
    assert properties["Enabled"] is True
    assert resources["Aliasumbrella"]["Properties"] == {
        "AliasName": "alias/tenant-umbrella",
        "TargetKeyId": {"Ref": "Replicaumbrella"},
    }
    assert resources["Aliasumbrella"]["DeletionPolicy"] == "RetainExceptOnCreate"


def replicated() -> Estate:
    """A replica in each other Region, of generated and of imported material, and of a tenant in each state."""
    tenants = """\
  acme: {workloads: [orders, billing], key: {multi_region: true}}
  globex: {workloads: [orders], key: {multi_region: true, origin: imported, import_role: role/globex-key-import}}
  initech: {workloads: [orders], state: suspended, key: {multi_region: true, region: eu-central-1}}
  wonka: {workloads: [billing], state: offboarding, key: {multi_region: true}}"""
    workloads = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '333333333333', runs_on: ecs, access: session-tag}"""
    ids = {name: f"mrk-{number:032x}" for number, name in enumerate(("acme", "globex", "initech", "wonka"))}
    return estate_of_text(manifest(workloads, tenants, "eu-west-1, eu-central-1, eu-north-1"), ids)


@pytest.mark.slow
def test_replicas_pass_nag_proof_and_cfn_lint(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, replicated())
    add_validations(app, replicated())
    app.synth()
    files = sorted(map(str, tmp_path.glob("*.template.json")))
    stacks = [file for file in files if "tenant-keys-replica-" in file]
    assert len(stacks) == 4  # of a cell in each of two Regions
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_suspended_replica_is_disabled_too(tmp_path: Path) -> None:
    """KMS does not synchronise the enabled state (AWS KMS guide, multi-region-keys)."""
    estate = with_tenant(sample(), "umbrella", multi_region_key_id=UMBRELLA_KEY, state="suspended")
    templates = synthesized(estate, tmp_path)
    replica = templates["tenant-keys-replica-eu-central-1-of-eu-west-1-001"]["Resources"]["Replicaumbrella"]
    assert replica["Properties"]["Enabled"] is False


def test_a_workload_with_a_replica_nearby_is_given_its_alias(tmp_path: Path) -> None:
    estate = with_tenant(sample(), "umbrella", multi_region_key_id=UMBRELLA_KEY)
    template = synthesized(estate, tmp_path)["tenant-keys-workload-222222222222-eu-central-1"]
    value = json.loads(template["Resources"]["Parameterorders"]["Properties"]["Value"])
    assert value["alias_arn"] == "arn:aws:kms:eu-west-1:111111111111:alias/tenant-{tenant_id}"
    assert value["exceptions"] == {"umbrella": "arn:aws:kms:eu-central-1:111111111111:alias/tenant-umbrella"}


@pytest.mark.parametrize(
    ("tenants", "ids"),
    [("a-b, ab", {"KeyaXb", "Keyab"}), ("a, a1, 1a", {"Keya", "Keya1", "Key1a"})],
)
def test_different_ids_never_share_a_logical_id(tenants: str, ids: set[str], tmp_path: Path) -> None:
    text = "\n".join(f"  {tenant}: {{workloads: [orders]}}" for tenant in tenants.split(", "))
    resources = synthesized(estate_of_text(manifest(tenants=text)), tmp_path)["tenant-keys-cell-eu-west-1-001"][
        "Resources"
    ]
    assert {name for name, resource in resources.items() if resource["Type"] == "AWS::KMS::Key"} == ids


def test_no_accepted_finding_is_idle(sample_assembly: Path) -> None:
    """What nobody finds any more needs no acknowledgement."""
    report = json.loads((sample_assembly / "validation-report.json").read_text(encoding="utf-8"))
    (nag,) = report["pluginReports"]  # a plugin that finds nothing at all leaves no report
    assert (nag["pluginName"], nag["conclusion"]) == ("AwsSolutions", "success")
    used = {(found["acknowledgedAt"], found["acknowledgedId"]) for found in nag["suppressedViolations"]}
    accepted = {("/".join(entry.scope), entry.finding) for entry in accepted_findings(sample())}
    # The packs of other frameworks run where a team adds them (test_other_tools).
    assert {entry for entry in accepted if entry[1].startswith("AwsSolutions::")} == used


def test_every_accepted_finding_has_a_reason_of_its_own_words() -> None:
    for entry in accepted_findings(sample()):
        assert len(entry.reason.split()) > 8, entry.finding
        assert entry.reason.endswith("."), entry.finding


def run_app(manifest_file: Path, output: Path) -> subprocess.CompletedProcess[str]:
    context = json.dumps({"manifest": str(manifest_file)})
    environment: dict[str, Any] = {
        **os.environ,
        "CDK_OUTDIR": str(output),
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": context,
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py")], env=environment, capture_output=True, text=True, check=False
    )


def test_a_manifest_that_the_lock_does_not_match_says_which_command_corrects_it(tmp_path: Path) -> None:
    text = (ROOT / "tenants.yaml").read_text(encoding="utf-8")
    (tmp_path / "tenants.yaml").write_text(text + "  newcomer: {}\n", encoding="utf-8")
    (tmp_path / "tenants.lock").write_text((ROOT / "tenants.lock").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"tenants\.newcomer: not in tenants\.lock yet; run tenant-keys lock"):
        run(tmp_path / "tenants.yaml")


def test_a_tenant_that_vanishes_is_an_error_and_no_deletion(tmp_path: Path) -> None:
    text = (ROOT / "tenants.yaml").read_text(encoding="utf-8")
    (tmp_path / "tenants.yaml").write_text(text.replace("  initech:\n    state: suspended\n", ""), encoding="utf-8")
    (tmp_path / "tenants.lock").write_text((ROOT / "tenants.lock").read_text(encoding="utf-8"), encoding="utf-8")
    done = run_app(tmp_path / "tenants.yaml", tmp_path / "out")
    assert done.returncode == 1
    assert "initech" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("out/*.template.json"))


def test_a_policy_that_is_too_large_is_reported_in_a_sentence(tmp_path: Path) -> None:
    from tenant_keys.manifest import parse_manifest
    from tenant_keys.manifest.lock import write_lock
    from tenant_keys.manifest.update import new_lock, update

    names = [f"workload-{index:03d}" for index in range(90)]
    workloads = "\n".join(f"  {name}: {{account: '222222222222', runs_on: lambda}}" for name in names)
    text = manifest(workloads=workloads, tenants=f"  acme: {{workloads: [{', '.join(names)}]}}")
    (tmp_path / "tenants.yaml").write_text(text, encoding="utf-8")
    model = parse_manifest(text)
    write_lock(tmp_path / "tenants.lock", update(model, new_lock(model))[0])
    with pytest.raises(SystemExit, match=r"\Akey policy of tenant acme: got "):
        run(tmp_path / "tenants.yaml")
