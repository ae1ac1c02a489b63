"""The operations by name, and the one way to call them: from the wire and from CloudFormation alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tenant_keys.local.authorizer import Authorizer
from tenant_keys.local.caller import Caller
from tenant_keys.local.clock import Clock
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.fault import Fault
from tenant_keys.local.kms import (
    aliases,
    grants,
    imports,
    lifecycle,
    pairs,
    policies,
    replicas,
    rotation,
    tags,
    use,
)
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.due_changes import apply_due_changes
from tenant_keys.local.kms.failures import Failures
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.material import Materials, generate
from tenant_keys.local.kms.store import Store
from tenant_keys.local.rates import Rates

OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "CancelKeyDeletion": lifecycle.cancel_key_deletion,
    "CreateAlias": aliases.create_alias,
    "CreateGrant": grants.create_grant,
    "CreateKey": lifecycle.create_key,
    "Decrypt": use.decrypt,
    "DeleteAlias": aliases.delete_alias,
    "DeleteImportedKeyMaterial": imports.delete_imported_key_material,
    "DeriveSharedSecret": use.not_for_symmetric_keys,
    "DescribeKey": lifecycle.describe_key,
    "DisableKey": lifecycle.disable_key,
    "DisableKeyRotation": rotation.disable_key_rotation,
    "EnableKey": lifecycle.enable_key,
    "EnableKeyRotation": rotation.enable_key_rotation,
    "Encrypt": use.encrypt,
    "GenerateDataKey": use.generate_data_key,
    "GenerateDataKeyPair": pairs.generate_data_key_pair,
    "GenerateDataKeyPairWithoutPlaintext": pairs.generate_data_key_pair_without_plaintext,
    "GenerateDataKeyWithoutPlaintext": use.generate_data_key_without_plaintext,
    "GenerateMac": use.not_for_symmetric_keys,
    "GenerateRandom": use.generate_random,
    "GetKeyLastUsage": lifecycle.get_key_last_usage,
    "GetKeyPolicy": policies.get_key_policy,
    "GetKeyRotationStatus": rotation.get_key_rotation_status,
    "GetParametersForImport": imports.get_parameters_for_import,
    "GetPublicKey": use.not_for_symmetric_keys,
    "ImportKeyMaterial": imports.import_key_material,
    "ListAliases": aliases.list_aliases,
    "ListGrants": grants.list_grants,
    "ListKeyPolicies": policies.list_key_policies,
    "ListKeyRotations": rotation.list_key_rotations,
    "ListKeys": lifecycle.list_keys,
    "ListResourceTags": tags.list_resource_tags,
    "ListRetirableGrants": grants.list_retirable_grants,
    "PutKeyPolicy": policies.put_key_policy,
    "ReEncrypt": use.re_encrypt,
    "ReplicateKey": replicas.replicate_key,
    "RetireGrant": grants.retire_grant,
    "RevokeGrant": grants.revoke_grant,
    "RotateKeyOnDemand": rotation.rotate_key_on_demand,
    "ScheduleKeyDeletion": lifecycle.schedule_key_deletion,
    "Sign": use.not_for_symmetric_keys,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateAlias": aliases.update_alias,
    "UpdateKeyDescription": lifecycle.update_key_description,
    "UpdatePrimaryRegion": replicas.update_primary_region,
    "Verify": use.not_for_symmetric_keys,
    "VerifyMac": use.not_for_symmetric_keys,
}


class Kms:
    """All keys of the local AWS."""

    def __init__(self, authorizer: Authorizer, decisions: Decisions, clock: Clock) -> None:
        self.store = Store()
        self.clock = clock
        self.failures = Failures()
        self.rates = Rates()
        self._authorizer = authorizer
        self._decisions = decisions

    def hold(self, arn: str, policy: str) -> None:
        """Have a key with this ARN, as its owner made it before; or give the owner's key another policy."""
        _, _, _, region, account, name = arn.split(":", 5)
        key_id = name.removeprefix("key/")
        key = self.store.find(region, key_id)
        if key is not None:
            key.policy = policy
            return
        several, now = key_id.startswith("mrk-"), self.clock.now()
        key = Key(account, region, key_id, policy, Materials([generate(now)]), now, multi_region=several)
        for primary in self.store.family(key)[:1]:
            key.materials, key.primary_region = primary.materials, primary.primary_region
        key.primary_region = key.primary_region or (region if several else None)
        self.store.add(key)

    def apply_due_changes(self) -> None:
        """Bring every key up to date; else each is when it is next asked for."""
        now = self.clock.now()
        for key in self.store.all_keys():
            if self.store.find(key.region, key.id) is key:  # the end of one may be the end of a primary
                apply_due_changes(key, self.store, now)

    def call(
        self,
        caller: Caller,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Decide and do.

        Raises:
            Fault: denied, or refused for what KMS itself knows.
        """
        request_id = request_id or str(uuid.uuid4())
        with self._decisions.record("kms.amazonaws.com", operation, caller, region, request_id) as record:
            record.parameters = parameters
            handler = OPERATIONS.get(operation)
            if handler is None:
                raise Fault("UnknownOperationException", f"The local AWS has no KMS operation {operation}.")
            self.rates.check(f"kms:{operation}", caller.account, region, parameters)
            self.failures.check(operation)
            call = Call(
                caller, region, operation, parameters, self.store, self._authorizer, self.clock, record, request_id
            )
            record.answer = handler(call)
            return dict(record.answer)

    def reset(self) -> None:
        self.store.clear()
        self.clock.reset()
        self.failures.clear()
        self.rates.lift()
        imports.forget_offers()
