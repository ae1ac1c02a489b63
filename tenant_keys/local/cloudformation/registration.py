"""Puts our types and the execution role into ministack's CloudFormation."""

from __future__ import annotations

from typing import Final

from tenant_keys.local.authorizer import Authorizer
from tenant_keys.local.cloudformation.encrypted_topic import EncryptedTopic
from tenant_keys.local.cloudformation.event_bus_policy import EventBusPolicy
from tenant_keys.local.cloudformation.execution import Execution
from tenant_keys.local.cloudformation.handler import register
from tenant_keys.local.cloudformation.held import Held
from tenant_keys.local.cloudformation.iam_types import ASKS, AskedFirst, IamCalls
from tenant_keys.local.cloudformation.identity_provider import OidcProvider
from tenant_keys.local.cloudformation.kms_alias import KmsAlias
from tenant_keys.local.cloudformation.kms_key import KmsCalls, KmsKey, KmsReplicaKey
from tenant_keys.local.cloudformation.organizations_policy import OrganizationsPolicy
from tenant_keys.local.cloudformation.recorded import recorded
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.emulator import application, cloudformation_types, scopes
from tenant_keys.local.event_bus import EventBus
from tenant_keys.local.identity import Identities
from tenant_keys.local.kms.service import Kms
from tenant_keys.local.organization import Organization

_CREATE_ONLY: Final = {
    "AWS::KMS::Key": (),
    "AWS::KMS::ReplicaKey": ("PrimaryKeyArn",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Organizations::Policy": ("Type",),
}
"""`createOnlyProperties` of the types' registry schemas (cfn-lint 1.51.0): of a key there are none."""


def install(
    bus: EventBus,
    kms_service: Kms,
    authorizer: Authorizer,
    decisions: Decisions,
    identities: Identities,
    organization: Organization,
    held: Held,
) -> Execution:
    """Once, before the first request."""
    rates = kms_service.rates
    kms = KmsCalls(kms_service)
    register("AWS::KMS::Key", KmsKey(kms), rates)
    register("AWS::KMS::ReplicaKey", KmsReplicaKey(kms), rates, tags=True)
    register("AWS::KMS::Alias", KmsAlias(kms), rates)
    iam = IamCalls(authorizer, decisions, rates)
    for name in ASKS:
        register(name, AskedFirst(name, cloudformation_types.resource_handlers()[name], iam), rates)
    register("AWS::IAM::OIDCProvider", OidcProvider(iam), rates)
    register("AWS::Events::EventBusPolicy", EventBusPolicy(bus), rates)
    register("AWS::SNS::Topic", EncryptedTopic(cloudformation_types.resource_handlers()["AWS::SNS::Topic"]), rates)
    register("AWS::Organizations::Policy", OrganizationsPolicy(organization), rates)
    for name, resource_type in recorded(held).items():
        register(name, resource_type, rates)
    cloudformation_types.replace_by(_CREATE_ONLY)
    cloudformation_types.look_up_imports(
        {
            "AWS::KMS::Key": ("KeyId", lambda name: _key_missing(kms_service, name)),
            "AWS::KMS::ReplicaKey": ("KeyId", lambda name: _key_missing(kms_service, name)),
            "AWS::KMS::Alias": ("AliasName", lambda name: _alias_missing(kms_service, name)),
        }
    )
    execution = Execution(authorizer, decisions, identities, rates)
    application.install_service("cloudformation", execution.handle)
    return execution


def _key_missing(kms: Kms, key_id: str) -> str | None:
    account, region = scopes.current_scope()
    key = kms.store.find(region, key_id)
    if key is not None and key.account == account:
        return None
    return f"Key 'arn:aws:kms:{region}:{account}:key/{key_id}' does not exist"


def _alias_missing(kms: Kms, name: str) -> str | None:
    account, region = scopes.current_scope()
    if any(alias.name == name and alias.region == region for alias in kms.store.aliases(account, region)):
        return None
    return f"Resource of type 'AWS::KMS::Alias' with identifier '{name}' was not found."
