"""What the attacks start from: an attacker with a tenant's own session, a victim's ciphertext, an administrator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from tenant_keys.local.deployed_estate import DeployedEstate, Shared, discover
from tenant_keys.local.errors import LocalAwsError
from tenant_keys.local.existing import assume
from tenant_keys.local.issuer import LocalIssuer

if TYPE_CHECKING:
    from tenant_keys.local.aws import LocalAws


class NothingToAttack(LocalAwsError):
    """Raised when the estate lacks what an attack needs, such as a suspended tenant."""


@dataclass
class AttackSetup:
    """Everything that an attack may use; made lazily, since not every estate has everything."""

    aws: LocalAws
    issuer: LocalIssuer | None = None
    estate: DeployedEstate = field(init=False)
    attacker: str = field(init=False)
    victim: str = field(init=False)

    def __post_init__(self) -> None:
        self.estate = discover(self.aws)
        active = self.estate.users_of("Enabled")
        if not active[1:]:
            raise NothingToAttack(
                f"an attack needs two tenants with an enabled key and a role of their own; found {len(active)}: "
                f"{', '.join(active) or 'none'}; add one with: tenant-keys tenant add ID"
            )
        self.attacker = "acme" if "acme" in active else active[0]
        self.victim = "globex" if "globex" in active else next(each for each in active if each != self.attacker)

    # --- sessions

    def runtime(self, workload: str) -> boto3.Session:
        """The workload's code as its compute service runs it."""
        role_arn, service = self.estate.runtimes[workload]
        account = role_arn.split(":")[4]
        region = self.estate.region
        source = {"aws:SourceAccount": account, "aws:SourceArn": f"arn:aws:ecs:{region}:{account}:cluster/demo"}
        return self.aws.run_as(role_arn, service=service, session_name=workload, context=source)

    def tenant_session(self, tenant: str) -> boto3.Session:
        """A session of the tenant's own role, as the workload serves it."""
        return next(self._sessions_of(tenant))

    def assume(self, session: boto3.Session, role_arn: str, name: str, **arguments: Any) -> boto3.Session:
        answer = session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name, **arguments)
        return self.aws.session(credentials=answer["Credentials"])

    @cached_property
    def own(self) -> boto3.Session:
        return self.tenant_session(self.attacker)

    def own_in(self, region: str) -> boto3.Session:
        """The same session in another Region."""
        held = self.own_decrypting.get_credentials()
        if held is None:
            raise NothingToAttack("a session of the attacker's own")
        key = held.get_frozen_credentials()
        credentials = {"AccessKeyId": key.access_key, "SecretAccessKey": key.secret_key, "SessionToken": key.token}
        return self.aws.session(credentials=credentials, region=region)

    @cached_property
    def administrator(self) -> boto3.Session:
        """An administrator of the key account: AdministratorAccess, no boundary."""
        return self.aws.session(credentials=self.aws.operator())

    @cached_property
    def deployer(self) -> boto3.Session:
        """CloudFormation's execution role, by which the estate's stacks are deployed: who may touch aliases."""
        if self.estate.deployer is None:
            raise NothingToAttack("a stack that CloudFormation deploys by an execution role")
        return self.aws.run_as(
            self.estate.deployer, service="cloudformation.amazonaws.com", session_name="AWSCloudFormation"
        )

    def as_role(self, role_arn: str) -> boto3.Session:
        return assume(self.aws, role_arn)

    # --- what is attacked

    @cached_property
    def stolen_ciphertext(self) -> bytes:
        """The victim's data key, sealed: an attacker who reads the database has it."""
        return self._encrypting(self.victim)[1]

    @cached_property
    def own_encrypting(self) -> boto3.Session:
        """The attacker's own session, of a workload that may encrypt: nothing is then refused for want of that."""
        return self._encrypting(self.attacker)[0]

    @cached_property
    def own_decrypting(self) -> boto3.Session:
        """The same, of a workload that may decrypt."""
        _, sealed = self._encrypting(self.attacker)
        for session in self._sessions_of(self.attacker):
            try:
                session.client("kms").decrypt(
                    CiphertextBlob=sealed,
                    KeyId=self.alias(self.attacker),
                    EncryptionContext=self.context(self.attacker),
                )
            except ClientError as refused:
                _must_be_a_denial(refused)
            else:
                return session
        raise NothingToAttack(f"a workload that may decrypt for {self.attacker}")

    def _encrypting(self, tenant: str) -> tuple[boto3.Session, bytes]:
        """A session of the tenant's that may encrypt, and what it has sealed."""
        for session in self._sessions_of(tenant):
            try:
                sealed = session.client("kms").generate_data_key_without_plaintext(
                    KeyId=self.alias(tenant), KeySpec="AES_256", EncryptionContext=self.context(tenant)
                )
            except ClientError as refused:
                _must_be_a_denial(refused)
            else:
                return session, bytes(sealed["CiphertextBlob"])
        raise NothingToAttack(f"a workload that may encrypt for {tenant}")

    def _sessions_of(self, tenant: str) -> Iterator[boto3.Session]:
        """One for each workload that has a role of the tenant's own: a workload may only decrypt, or only encrypt."""
        for workload, role in sorted(self.estate.tenant_roles[tenant].items()):
            if workload in self.estate.runtimes:
                yield self.assume(self.runtime(workload), role, tenant)

    def alias(self, tenant: str) -> str:
        return self.estate.alias(tenant)

    def key(self, tenant: str) -> Mapping[str, Any]:
        return self.estate.keys[tenant]

    def replica_region(self) -> str:
        """The other Regions of the victim's key."""
        found = self.deployer.client("kms").describe_key(KeyId=self.alias(self.victim))["KeyMetadata"]
        for replica in found.get("MultiRegionConfiguration", {}).get("ReplicaKeys", ()):
            return str(replica["Region"])
        raise NothingToAttack("a replica of the victim's key")

    def context(self, tenant: str) -> dict[str, str]:
        return {"tenant_id": tenant}

    # --- shared roles

    def tagged(self) -> tuple[Shared, boto3.Session]:
        """The shared role that trusts its workload to name the tenant, and that workload."""
        for shared in self.estate.shared:
            if shared.provider is None and shared.workload in self.estate.runtimes:
                return shared, self.runtime(shared.workload)
        raise NothingToAttack("a workload with session tags")

    def stranger(self) -> tuple[Shared, boto3.Session]:
        """The same, where it does not serve the victim."""
        shared, runtime = self.tagged()
        key = str(self.key(self.victim)["KeyId"])
        if shared.role_arn in self.deployer.client("kms").get_key_policy(KeyId=key)["Policy"]:
            raise NothingToAttack("a victim whom the workload with session tags does not serve")
        return shared, runtime

    def federated(self) -> tuple[Shared, LocalIssuer]:
        """The shared role for signed tokens, and the issuer whose key we hold."""
        for shared in self.estate.shared:
            if shared.provider is not None and self.issuer is not None and self.issuer.url == shared.provider:
                return shared, self.issuer
        raise NothingToAttack("a workload with web identity, whose issuer the local AWS was started with")

    def with_token(self, shared: Shared, token: str) -> boto3.Session:
        answer = (
            self.aws.session()
            .client("sts")
            .assume_role_with_web_identity(RoleArn=shared.role_arn, RoleSessionName="portal", WebIdentityToken=token)
        )
        return self.aws.session(credentials=answer["Credentials"])

    def suspended(self) -> str:
        for tenant in self.estate.users_of("Disabled"):
            return tenant
        raise NothingToAttack("a suspended tenant")


def _must_be_a_denial(refused: ClientError) -> None:
    if refused.response["Error"]["Code"] != "AccessDeniedException":
        raise refused
