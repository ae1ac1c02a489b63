"""The key account with its administrator and a project, and clients whose process is killed after a change."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume
from tenant_keys.manifest import load_estate
from tenant_keys.operations.adopt import Adoption
from tenant_stacks import add_stacks
from tests.local import handmade
from tests.sampled import one_in

HOME, OTHER = "eu-west-1", "eu-central-1"
CELL, COPIES = "tenant-keys-cell-eu-west-1-001", "tenant-keys-replica-eu-central-1-of-eu-west-1-001"
HEAD = """
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
defaults: {workloads: [orders]}
tenants:
"""
OLD = "  initech: {}\n"
ALL = (
    "  acme: {rotation_days: 180}\n"
    "  globex: {key: {import_role: role/globex-import}}\n"
    "  initech: {}\n"
    "  umbrella: {}\n"
    "  wonka: {state: suspended}\n"
)
Changes = ("create_alias", "create_change_set", "execute_change_set", "put_object", "delete_stack")


class Killed(BaseException):
    """Raised in the place of a process that is killed."""


@dataclass
class Kills:
    """The changes that were made, and after which of them the process was killed: all, or each tenth."""

    seen: set[str] = field(default_factory=set)
    killed: set[str] = field(default_factory=set)
    each: int = field(default_factory=lambda: one_in(10))

    def after(self, change: str) -> None:
        if change in self.seen:
            return
        if len(self.seen) % self.each == 0:
            self.killed.add(change)
        self.seen.add(change)
        if change in self.killed:
            raise Killed(change)


class Killing:
    """A client whose process is killed right after a change, the first time that the change is made."""

    def __init__(self, client: Any, kills: Kills) -> None:
        self._client, self._kills = client, kills

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in Changes:
            return found

        def change(**parameters: Any) -> Any:
            answer = found(**parameters)
            which = f"{name} {parameters.get('StackName') or parameters.get('AliasName') or parameters.get('Key')}"
            which = f"{which} in {self._client.meta.region_name}"
            self._kills.after(which)
            return answer

        return change


class Office:
    """The key account with its administrator, and a project."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        self.aws, self.folder, self.manifest = aws, folder, folder / "tenants.yaml"
        iam = aws.session().client("iam")
        iam.create_role(
            RoleName="KeyAdministrator",
            AssumeRolePolicyDocument=json.dumps(
                handmade.document(handmade.allow("Assume", ["sts:AssumeRole"], Principal=handmade.ROOT))
            ),
        )
        arn = "arn:aws:iam::aws:policy/AdministratorAccess"
        iam.attach_role_policy(RoleName="KeyAdministrator", PolicyArn=arn)
        self.session = assume(aws, f"arn:aws:iam::{handmade.CENTRAL}:role/KeyAdministrator")

    def client(self, service: str, region: str = HOME) -> Any:
        return self.session.client(service, region_name=region)  # type: ignore[call-overload]

    def write(self, tenants: str) -> None:
        self.manifest.write_text(HEAD + tenants)

    def synthesize(self, output: Path) -> Path:
        app = cdk.App(outdir=str(output), tree_metadata=False, builtin_cloud_formation_validation=False)
        add_stacks(app, load_estate(self.manifest))
        app.synth()
        return output

    def adoption(self, keys: dict[str, str], kills: Kills | None = None) -> Adoption:
        def client_of(service: str, region: str) -> Any:
            client = self.client(service, region)
            return client if kills is None else Killing(client, kills)

        return Adoption(self.manifest, keys, client_of, self.synthesize)

    def resources(self, stack: str, region: str = HOME) -> dict[str, str]:
        pages = self.client("cloudformation", region).describe_stack_resources(StackName=stack)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in pages}

    def policy(self, key: str, region: str = HOME) -> Any:
        return json.loads(self.client("kms", region).get_key_policy(KeyId=key, PolicyName="default")["Policy"])
