"""A change of every key, deployed by the pipeline with the real CDK CLI: one cell first, and `verify` decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.local.deploy import QUALIFIER, Cdk, Place, find_cdk
from tenant_keys.manifest import load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.policy.template_size import reserved_sizes
from tenant_keys.review.proof.record import write_record
from tests.local import handmade
from tests.operations.verify.deployed import deployer, reading_role
from tests.operations.verify.drift import OPEN
from tests.recovery.operators import Operators
from tests.stacks.synth import synthesized

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]  # the CDK CLI starts nine times
ROOT = Path(__file__).parents[2]
SMALL, LARGE = "tenant-keys-cell-eu-central-1-001", "tenant-keys-cell-eu-west-1-001"
MANIFEST = """\
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/KeyAdministrator]
  readers: [role/SecurityAudit]
  break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda, access: session-tag}
audit: off
defaults: {workloads: [orders]}
tenants:
  acme: {}
  globex: {}
  hooli: {key: {region: eu-central-1}}
"""
ONE_MORE_READER = MANIFEST.replace("readers: [role/SecurityAudit]", "readers: [role/SecurityAudit, role/Examiner]")
LOCKED_OUT = MANIFEST.replace("readers: [", "deployment_roles: [role/ReleaseEast, role/ReleaseWest]\n  readers: [")
"""Deployment roles among which the one that deploys is not: KMS refuses the policy (AWS KMS API, PutKeyPolicy)."""


class Team:
    """A repository with the estate, and the pipeline's credentials."""

    def __init__(self, operators: Operators, folder: Path) -> None:
        self.operators, self._folder, self._made = operators, folder, 0
        self._git("init", "-q")

    def deploys(self, manifest: str) -> subprocess.CompletedProcess[str]:
        """`pipeline.sh deploy` of the key account, from an assembly that was proved."""
        self._made += 1
        path, assembly = self._folder / "tenants.yaml", self._folder / f"cdk.out.{self._made}"
        path.write_text(manifest, encoding="utf-8")
        bring_up_to_date(path, reserved_sizes).write()
        self._git("add", "tenants.yaml", "tenants.lock")
        self._git("commit", "-q", "--allow-empty", "-m", "x")
        synthesized(load_estate(path), assembly)
        write_record(assembly, "proved")
        programs = [str(Path(sys.executable).parent), str(Path(find_cdk()).parent)]
        home = self.operators.aws.directory / "cdk"
        given = self.operators.aws.environment(region=handmade.REGION, credentials=self.operators.aws.operator())
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        path_of_programs = os.pathsep.join([*programs, os.environ["PATH"]])
        own = {"ASSEMBLY": str(assembly), "PATH": path_of_programs, "CDK_HOME": str(home), "TMPDIR": str(home)}
        return subprocess.run(
            [str(ROOT / "scripts/pipeline.sh"), "deploy", handmade.CENTRAL],
            cwd=self._folder,
            env={**clean, **given, **own},
            capture_output=True,
            text=True,
            check=False,
        )

    def kms(self, region: str) -> Any:
        """As the role that deploys there, which may read a key and change its policy."""
        role = deployer(region)
        return self.operators.aws.run_as(role, service="cloudformation.amazonaws.com", region=region).client("kms")

    def key(self, tenant: str, region: str) -> str:
        aliases = self.operators.client("kms", region).list_aliases()["Aliases"]
        return next(str(one["TargetKeyId"]) for one in aliases if one["AliasName"] == f"alias/tenant-{tenant}")

    def policy(self, tenant: str, region: str = handmade.REGION) -> Any:
        return json.loads(self.kms(region).get_key_policy(KeyId=self.key(tenant, region))["Policy"])

    def policies(self) -> list[Any]:
        """Of the large cell's tenants and of the small one's."""
        return [self.policy("acme"), self.policy("globex"), self.policy("hooli", "eu-central-1")]

    def _git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        subprocess.run(["git", "-C", str(self._folder), *identity, *arguments], check=True)


def names(policies: list[Any], role: str) -> list[bool]:
    return [role in json.dumps(policy) for policy in policies]


def test_a_change_of_every_key_reaches_one_cell_first_and_the_others_only_once_it_is_verified(
    operators: Operators, tmp_path: Path
) -> None:
    places = [Place(handmade.CENTRAL, region, QUALIFIER, "", ()) for region in (handmade.REGION, "eu-central-1")]
    Cdk(operators.aws).bootstrap(places, handmade.CENTRAL)
    team = Team(operators, tmp_path)
    first = team.deploys(MANIFEST)
    assert first.returncode == 0, first.stderr
    assert "canary" not in first.stdout  # nothing exists that could be lost
    reading_role(operators.aws, handmade.CENTRAL, load_estate(tmp_path / "tenants.yaml"))
    before = team.policies()

    # What KMS refuses is refused in the canary, whose stack rolls back.
    refused = team.deploys(LOCKED_OUT)
    assert refused.returncode != 0
    assert f"canary   {SMALL}: deployed and verified before the others" in refused.stdout
    assert "will not allow you to update the key policy in the future" in " ".join(refused.stderr.split())
    assert (operators.status(LARGE)[0], operators.status(SMALL, "eu-central-1")[0]) == (
        "CREATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
    )
    assert team.policies() == before

    # What somebody did to the canary's key past CloudFormation is found, and no other cell is touched.
    administrator, key = team.kms("eu-central-1"), team.key("hooli", "eu-central-1")
    root, grantee = operators.client("kms", "eu-central-1"), f"arn:aws:iam::{handmade.CENTRAL}:role/Somebody"
    administrator.put_key_policy(KeyId=key, Policy=json.dumps(OPEN))
    grant = root.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])["GrantId"]
    stopped = team.deploys(ONE_MORE_READER)
    assert stopped.returncode == 2, stopped.stderr
    assert f"grant {grant} lets {grantee} Decrypt" in " ".join(stopped.stdout.split())
    assert f"stopped: {SMALL} did not verify, and the other stacks are not deployed" in stopped.stderr
    assert names(team.policies(), "role/Examiner") == [False, False, True]
    assert operators.status(LARGE)[0] == "CREATE_COMPLETE"

    # A deployment that is only repeated stops at the same finding, though the canary has nothing to execute.
    again = team.deploys(ONE_MORE_READER)
    assert again.returncode == 2, again.stderr
    assert f"verify   {SMALL}: deployed already, verified before the others" in again.stdout
    assert names(team.policies(), "role/Examiner") == [False, False, True]

    policy = json.dumps(team.policies()[2])
    administrator.put_key_policy(KeyId=key, Policy=json.dumps(OPEN))
    root.revoke_grant(KeyId=key, GrantId=grant)
    root.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    repaired = team.deploys(ONE_MORE_READER)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert names(team.policies(), "role/Examiner") == [True, True, True]
    assert operators.status(LARGE)[0] == "UPDATE_COMPLETE"
