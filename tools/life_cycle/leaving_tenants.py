"""Keys of leaving tenants on the local AWS, with the policies that a deployment gives them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import boto3

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume, ensure_role
from tenant_keys.manifest import Estate, load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.manifest.model import State
from tenant_keys.operations import byok
from tenant_keys.operations.byok import Ceremony, wrap
from tenant_keys.operations.byok.ceremony import Purpose
from tenant_keys.operations.owner import TAG
from tenant_keys.policy.key_policy import key_policy

CENTRAL: Final = "111111111111"
REGION, OTHER_REGION = "eu-west-1", "eu-central-1"
MANIFEST: Final = """\
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/Admin]
  readers: [role/Audit]
  break_glass: role/BreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
defaults: {workloads: [orders]}
tenants:
  acme: {}
  globex: {key: {origin: imported, import_role: role/GlobexImport}}
  umbrella: {key: {origin: imported, import_role: role/UmbrellaImport, multi_region: true}}
  wayne: {key: {multi_region: true}}
"""
ADMIN, READER, BREAK_GLASS = "Admin", "Audit", "BreakGlass"
DEPLOYER: Final = f"cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{REGION}"
ROLES: Final = (ADMIN, READER, BREAK_GLASS, DEPLOYER, "GlobexImport", "UmbrellaImport")


def quiet(_line: str) -> None:
    """Say nothing."""


def frozen_credentials(session: boto3.Session) -> dict[str, str]:
    """The session's credentials, as STS answers them."""
    found = session.get_credentials()
    if found is None:
        raise LookupError("a session without credentials")
    frozen = found.get_frozen_credentials()
    names = {"AccessKeyId": frozen.access_key, "SecretAccessKey": frozen.secret_key, "SessionToken": frozen.token}
    return {name: str(value) for name, value in names.items()}


class Leaving:
    """The account, its roles, and one key at a time for each tenant."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        self.aws, self.manifest = aws, folder / "tenants.yaml"
        self.manifest.write_text(MANIFEST)
        bring_up_to_date(self.manifest, base=None, merge=False).write()
        self.estate: Estate = load_estate(self.manifest)
        self.sessions: dict[str, boto3.Session] = {}
        for name in ROLES:
            arn = f"arn:aws:iam::{CENTRAL}:role/{name}"
            ensure_role(aws, arn)
            self.sessions[name] = assume(aws, arn)
        self._vault: dict[str, bytes] = {}
        self._clients: dict[tuple[str, str, str], Any] = {}

    def client(self, role: str, service: str, region: str) -> Any:
        """One for each; as the root user where the role is empty."""
        known = (role, service, region)
        if known not in self._clients:
            session = self.sessions[role] if role else self.aws.session(CENTRAL)
            self._clients[known] = session.client(service, region_name=region)  # type: ignore[call-overload]
        return self._clients[known]

    def credentials(self, role: str) -> dict[str, str]:
        """Of a session of the role, as STS answers them."""
        return frozen_credentials(self.sessions[role])

    def clients_of(self, role: str) -> Callable[[str, str], Any]:
        """What the operations take."""
        return lambda service, region: self.client(role, service, region)

    def create(self, tenant: str, state: State = "active") -> dict[str, str]:
        """The tenant's key, its replica and their aliases, with material; ARNs by Region, the primary first."""
        declared = self.estate.tenants[tenant]
        imported, several = declared.origin == "imported", declared.multi_region
        kms = self.client("", "kms", REGION)
        tags: list[Any] = [{"TagKey": TAG, "TagValue": tenant}]
        origin: Any = "EXTERNAL" if imported else "AWS_KMS"
        made = kms.create_key(Origin=origin, MultiRegion=several, Tags=tags)["KeyMetadata"]
        arns = {REGION: made["Arn"]}
        self._name(tenant, arns, REGION)
        if imported:
            self._bring(tenant, "missing")
        if several:
            replica = kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=OTHER_REGION, Tags=tags)[
                "ReplicaKeyMetadata"
            ]
            arns[OTHER_REGION] = replica["Arn"]
            self._name(tenant, arns, OTHER_REGION)
        if imported and several:
            self._bring(tenant, "missing")
            self._bring(tenant, "new")
        kms.generate_data_key(KeyId=made["KeyId"], KeySpec="AES_256")  # its last use, by whomever
        self.deploy(tenant, arns, state)
        return arns

    def deploy(self, tenant: str, arns: Mapping[str, str], state: State) -> None:
        """The key as CloudFormation brings it into the state: its policy, and disabled unless material is imported."""
        declared = replace(self.estate.tenants[tenant], state=state)
        policy = json.dumps(key_policy(declared, self.estate))
        for region, arn in arns.items():
            kms = self.client(DEPLOYER, "kms", region)
            if state != "active" and declared.origin != "imported":
                kms.disable_key(KeyId=arn)
            kms.put_key_policy(KeyId=arn, Policy=policy)

    def _name(self, tenant: str, arns: Mapping[str, str], region: str) -> None:
        key_id = arns[region].rpartition("/")[2]
        self.client("", "kms", region).create_alias(AliasName=f"alias/tenant-{tenant}", TargetKeyId=key_id)

    def _bring(self, tenant: str, purpose: Purpose) -> None:
        """The customer's own material: other bytes for each label."""
        ceremony = Ceremony(self.estate.tenants[tenant], self.estate, lambda region: self.client("", "kms", region))
        parameters = byok.start(ceremony, purpose, say=quiet)
        vault = {
            slot["label"]: self._vault.setdefault(slot["label"], secrets.token_bytes(32))
            for slot in parameters["slots"]
        }
        byok.import_material(ceremony, wrap.wrap(parameters, vault), expires=None, say=quiet)
