"""What is deployed, found by its names: who may be attacked, and from where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tenant_keys.local.settings import NAMING, tenant_of

if TYPE_CHECKING:
    import boto3

    from tenant_keys.local.aws import LocalAws


@dataclass(frozen=True, slots=True)
class Shared:
    """An access role that serves several tenants; with a token, or with a session tag."""

    workload: str
    role_arn: str
    provider: str | None = None
    audience: str | None = None


@dataclass(slots=True)
class DeployedEstate:
    """Tenants, roles and runtimes of an estate in the local AWS."""

    central: str
    region: str
    naming: Mapping[str, str] = field(default_factory=lambda: NAMING)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    """KeyMetadata by tenant."""
    tenant_roles: dict[str, dict[str, str]] = field(default_factory=dict)
    """Role ARN by workload, by tenant."""
    shared: list[Shared] = field(default_factory=list)
    deployer: str | None = None
    """ARN of the role by which CloudFormation deploys the key account's stacks."""
    runtimes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Role ARN and compute service by workload, in its own account."""

    def alias(self, tenant: str) -> str:
        return self.naming["alias"].replace("{id}", tenant)

    def users_of(self, state: str) -> list[str]:
        """Tenants whose key is in this state and who have a role of their own with a runtime."""
        return [
            tenant
            for tenant, key in sorted(self.keys.items())
            if key["KeyState"] == state and set(self.tenant_roles.get(tenant, {})) & set(self.runtimes)
        ]


def discover(aws: LocalAws) -> DeployedEstate:
    """Read aliases, access roles and runtimes as the accounts' root users."""
    central = aws.accounts[0]
    found = DeployedEstate(central, aws.settings.region, aws.settings.naming)
    root = aws.session(central)
    kms = root.client("kms")
    for page in kms.get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            tenant = tenant_of(alias["AliasName"], found.naming)
            if tenant is not None:
                arn = f"arn:aws:kms:{found.region}:{central}:key/{alias['TargetKeyId']}"
                found.keys[tenant] = {"Arn": arn, "KeyId": alias["TargetKeyId"]}
    _states(aws, found)
    for page_of_roles in root.client("iam").get_paginator("list_roles").paginate(PathPrefix=found.naming["role_path"]):
        for role in page_of_roles["Roles"]:
            _access_role(found, role)
    for account in aws.accounts:
        _runtimes(aws, found, account)
    found.deployer = _deployer(root, found.naming["stack_prefix"])
    return found


def _deployer(root: boto3.Session, prefix: str) -> str | None:
    """The execution role of a stack of the estate; of another stack where none has the estate's prefix."""
    stacks = root.client("cloudformation").describe_stacks()["Stacks"]
    held = sorted((not one["StackName"].startswith(prefix), one["RoleARN"]) for one in stacks if one.get("RoleARN"))
    return held[0][1] if held else None


def _states(aws: LocalAws, found: DeployedEstate) -> None:
    """A key's state, asked as a role that may: key policies shut the root user out."""
    for tenant, state in aws.key_states(found.region).items():
        if tenant in found.keys:
            found.keys[tenant]["KeyState"] = state


def _runtimes(aws: LocalAws, found: DeployedEstate, account: str) -> None:
    for page in aws.session(account).client("iam").get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            service = _service(_document(role["AssumeRolePolicyDocument"]))
            runtime = f"{found.naming['role_prefix']}tenant-keys-"
            if service is not None and role["RoleName"].startswith(runtime) and role["Path"] == "/":
                found.runtimes[role["RoleName"].removeprefix(runtime)] = (role["Arn"], service)


def _access_role(found: DeployedEstate, role: Any) -> None:
    workload = role["Path"].removeprefix(found.naming["role_path"]).strip("/")
    name = role["RoleName"].removeprefix(found.naming["role_prefix"])
    if name.startswith("tenant-"):
        tenant = name.removeprefix("tenant-").removesuffix(f".{workload}")
        found.tenant_roles.setdefault(tenant, {})[workload] = role["Arn"]
    elif name.startswith("shared."):
        provider, audience = _federated(_document(role["AssumeRolePolicyDocument"]))
        found.shared.append(Shared(workload, role["Arn"], provider, audience))


def _document(value: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(unquote(value)) if isinstance(value, str) else value
    return parsed


def _service(trust: dict[str, Any]) -> str | None:
    for statement in trust["Statement"]:
        service = statement.get("Principal", {}).get("Service")
        if service:
            return str(service if isinstance(service, str) else service[0])
    return None


def _federated(trust: dict[str, Any]) -> tuple[str | None, str | None]:
    for statement in trust["Statement"]:
        provider = statement["Principal"].get("Federated")
        if provider:
            provider = provider if isinstance(provider, str) else provider[0]
            host = provider.partition(":oidc-provider/")[2]
            equals = statement.get("Condition", {}).get("StringEquals", {})
            audience = equals.get(f"{host}:aud")
            return f"https://{host}", audience if isinstance(audience, str) or audience is None else audience[0]
    return None, None
