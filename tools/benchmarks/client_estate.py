"""An estate on the local AWS, made with the project's own policies and parameter, without waiting for a deployment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3

from tenant_keys.client import Settings, TenantKeys, TokenVerifier
from tenant_keys.client.assume_role import open_session
from tenant_keys.client.aws import Aws
from tenant_keys.client.deadline import Deadline
from tenant_keys.client.retry import Retries
from tenant_keys.client.role_session import RoleSession
from tenant_keys.client.token import SESSION_TAG_CLAIM
from tenant_keys.local import LocalAws
from tenant_keys.local.existing import import_material
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.manifest import Estate, Tenant, Workload, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.policy import names
from tenant_keys.policy.access_role import (
    shared_role_policy,
    shared_role_trust,
    tenant_role_policy,
    tenant_role_trust,
    web_identity_trust,
)
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.policy.workload_configuration import workload_configuration
from tenant_keys.policy.workload_role import workload_role_policy, workload_role_trust

REGION = "eu-west-1"
CENTRAL, ORDERS, BILLING = "111111111111", "222222222222", "333333333333"
ISSUER = "https://login.example.com"
AUDIENCE = "portal-keys"

MANIFEST = f"""
organization: o-a1b2c3d4e5
central:
  account: "{CENTRAL}"
  home_region: {REGION}
  regions: [{REGION}]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
identity_providers:
  customers: {{issuer: {ISSUER}}}
workloads:
  orders: {{account: "{ORDERS}", runs_on: lambda}}
  billing: {{account: "{BILLING}", runs_on: ecs, access: session-tag}}
  reader: {{account: "{BILLING}", runs_on: lambda, operations: [decrypt]}}
  portal: {{account: "{ORDERS}", access: web-identity, identity_provider: customers, audience: {AUDIENCE}}}
  runner: {{account: "{ORDERS}", runs_on: existing-role, role: role/BatchRunner}}
defaults:
  workloads: [orders, billing, reader, portal, runner]
tenants:
  wayne: {{decrypt_by: key}}
  newcomer: {{workloads: [billing]}}
  stopped: {{state: suspended}}
  held: {{state: suspended, key: {{origin: imported, import_role: role/HeldImport, expires: never}}}}
  empty: {{key: {{origin: imported, import_role: role/EmptyImport, expires: never}}}}
"""


WITHOUT_MATERIAL = "empty"
_ASSUME_AND_TAG = ["sts:AssumeRole", "sts:TagSession"]


@dataclass(frozen=True)
class ClientEstate:
    aws: LocalAws
    estate: Estate
    issuer: LocalIssuer

    def runs_as(self, workload: str) -> boto3.Session:
        """What Lambda or ECS gives a workload's code: a session of its role; web identity needs none."""
        if workload == "portal":
            return self.aws.session(ORDERS)
        if workload == "runner":
            return self.as_existing_role()
        service = {"billing": "ecs-tasks.amazonaws.com"}.get(workload, "lambda.amazonaws.com")
        account = self.estate.workloads[workload].account
        return self.aws.run_as(
            names.workload_role_arn(self.estate.workloads[workload], self.estate),
            service=service,
            context={
                "aws:SourceAccount": account,
                "aws:SourceArn": f"arn:aws:ecs:{REGION}:{account}:*",
            },
        )

    def as_existing_role(self, **tags: Any) -> boto3.Session:
        """The role of workload `runner`, which somebody else made and assumes, here with the given session tags."""
        iam = self.aws.session(ORDERS).client("iam")
        trust = _document([{"Effect": "Allow", "Principal": {"AWS": CENTRAL}, "Action": _ASSUME_AND_TAG}])
        try:
            iam.create_role(RoleName="BatchRunner", AssumeRolePolicyDocument=trust)
            policy = json.dumps(workload_role_policy(self.estate.workloads["runner"], self.estate))
            iam.put_role_policy(RoleName="BatchRunner", PolicyName="Use", PolicyDocument=policy)
        except iam.exceptions.EntityAlreadyExistsException:
            pass
        sts = self.aws.session(credentials=self.aws.operator()).client("sts")
        answer = sts.assume_role(RoleArn=f"arn:aws:iam::{ORDERS}:role/BatchRunner", RoleSessionName="runner", **tags)
        return self.aws.session(credentials=answer["Credentials"])

    def environment(self, workload: str) -> dict[str, str]:
        issued = {"TENANT_KEYS_ISSUER": ISSUER, "TENANT_KEYS_AUDIENCE": AUDIENCE}
        return {"TENANT_KEYS_WORKLOAD": workload, **issued}

    def keys(self, workload: str, **options: Any) -> TenantKeys:
        """As an application makes it; only the issuer's keys are given instead of fetched."""
        keys = TenantKeys.from_environment(self.environment(workload), session=self.runs_as(workload), **options)
        claim = SESSION_TAG_CLAIM
        keys._verifier = TokenVerifier(issuer=ISSUER, audience=AUDIENCE, keys=self.issuer.key_set, claim=claim)
        return keys

    def token(self, tenant: str, **options: Any) -> str:
        return self.issuer.token(AUDIENCE, {"tenant_id": tenant}, **options)

    def key_arn(self, tenant: str) -> str:
        kms = self.aws.session(CENTRAL).client("kms")
        entries = kms.list_aliases(Limit=100)["Aliases"]
        (key_id,) = (
            entry["TargetKeyId"]
            for entry in entries
            if entry["AliasName"] == names.alias_name(tenant, self.estate.naming)
        )
        return f"arn:aws:kms:{REGION}:{CENTRAL}:key/{key_id}"

    def as_role(self, role: str, action: str, **request: Any) -> None:
        """One KMS call in a role that the estate names but does not make."""
        iam = self.aws.session(CENTRAL).client("iam")
        trust = _document([{"Effect": "Allow", "Principal": {"AWS": CENTRAL}, "Action": "sts:AssumeRole"}])
        everything = _document([{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}])
        try:
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
            iam.put_role_policy(RoleName=role, PolicyName="Kms", PolicyDocument=everything)
        except iam.exceptions.EntityAlreadyExistsException:
            pass
        sts = self.aws.session(credentials=self.aws.operator()).client("sts")
        answer = sts.assume_role(RoleArn=f"arn:aws:iam::{CENTRAL}:role/{role}", RoleSessionName="test")
        session = self.aws.session(credentials=answer["Credentials"])
        getattr(session.client("kms"), action)(**request)


def open_once(aws: Aws, settings: Settings, tenant_id: str, token: str | None) -> RoleSession:
    """A tenant's session without the client around it."""
    retries = Retries(tenant_id, attempts=1, deadline=Deadline(20), events=[])
    return open_session(aws, settings, tenant_id, token, retries)


def build(aws: LocalAws, issuer: LocalIssuer, tenants: list[str]) -> ClientEstate:
    text = MANIFEST + "".join(f"  {tenant}: {{}}\n" for tenant in tenants)
    manifest = parse_manifest(text)
    lock, _ = update(manifest, new_lock(manifest))
    estate = resolve(manifest, lock)
    central = aws.session(CENTRAL)
    provider = names.oidc_provider_arn(ISSUER, estate)
    central.client("iam").create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE])
    for workload in estate.workloads.values():
        _add_workload(aws, workload, estate, provider)
    for tenant in estate.tenants.values():
        _add_tenant(central, tenant, estate)
    return ClientEstate(aws, estate, issuer)


def _add_workload(aws: LocalAws, workload: Workload, estate: Estate, provider: str) -> None:
    account = aws.session(workload.account)
    central = aws.session(CENTRAL).client("iam")
    if workload.access != "web-identity" and workload.runs_on != "existing-role":
        own = account.client("iam")
        _role(
            own,
            names.workload_role_arn(workload, estate),
            workload_role_trust(workload),
            workload_role_policy(workload, estate),
        )
    account.client("ssm").put_parameter(
        Name=names.parameter_name(workload, estate),
        Type="String",
        Value=json.dumps(workload_configuration(workload, estate, REGION)),
    )
    if workload.access == "tenant-role":
        return
    web = workload.access == "web-identity"
    trust = web_identity_trust(workload, provider) if web else shared_role_trust(workload, estate)
    _role(central, names.shared_role_arn(workload, estate), trust, shared_role_policy(workload, estate))


def _add_tenant(central: boto3.Session, tenant: Tenant, estate: Estate) -> None:
    iam, kms = central.client("iam"), central.client("kms")
    for workload in tenant.workloads:
        if workload.access == "tenant-role":
            role = names.tenant_role_arn(tenant.id, workload, estate)
            _role(iam, role, tenant_role_trust(workload, estate), tenant_role_policy(tenant, workload, estate))
    # The policy last: it lets only the deployment roles name an alias, and the emulator's root user is none of them.
    imported = tenant.origin == "imported"
    tags: list[Any] = [{"TagKey": "tenant-keys:tenant", "TagValue": tenant.id}]
    key = kms.create_key(Origin="EXTERNAL" if imported else "AWS_KMS", Tags=tags)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=names.alias_name(tenant.id, estate.naming), TargetKeyId=key)
    if imported and tenant.id != WITHOUT_MATERIAL:
        import_material(central, key)
    if tenant.state == "suspended" and not imported:  # as the stacks do: an imported key's policy alone suspends it
        kms.disable_key(KeyId=key)
    policy = json.dumps(key_policy(tenant, estate))
    kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)


def _role(iam: Any, arn: str, trust: object, policy: object) -> None:
    path, _, name = arn.partition(":role")[2].rpartition("/")
    iam.create_role(RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=json.dumps(trust), MaxSessionDuration=3600)
    iam.put_role_policy(RoleName=name, PolicyName="Use", PolicyDocument=json.dumps(policy))


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
