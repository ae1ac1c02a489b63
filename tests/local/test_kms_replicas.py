"""Multi-Region keys: one material, policies of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.local.refusal import refused

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


def test_a_replica_opens_what_its_primary_sealed(aws: LocalAws, kms: KMSClient) -> None:
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]
    assert made["KeyId"].startswith("mrk-")
    kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=handmade.OTHER_REGION)
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    there = aws.session(region=handmade.OTHER_REGION).client("kms")
    kms.rotate_key_on_demand(KeyId=made["KeyId"])
    opened = there.decrypt(CiphertextBlob=blob)
    assert (opened["Plaintext"], opened["KeyId"]) == (
        b"x",
        made["Arn"].replace(handmade.REGION, handmade.OTHER_REGION),
    )
    family = there.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert family["MultiRegionKeyType"] == "REPLICA"
    assert family["PrimaryKey"] == {"Arn": made["Arn"], "Region": handmade.REGION}


def test_state_and_alias_of_a_replica_are_its_own(aws: LocalAws, kms: KMSClient) -> None:
    key_id = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key_id, ReplicaRegion=handmade.OTHER_REGION)
    there = aws.session(region=handmade.OTHER_REGION).client("kms")
    kms.disable_key(KeyId=key_id)
    assert there.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.create_alias(AliasName="alias/here", TargetKeyId=key_id)
    with refused("NotFoundException"):
        there.describe_key(KeyId="alias/here")


def test_a_key_of_one_region_has_no_replicas(kms: KMSClient) -> None:
    with refused("UnsupportedOperationException"):
        kms.replicate_key(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], ReplicaRegion=handmade.OTHER_REGION)


def test_a_second_replica_in_a_region_is_refused(kms: KMSClient) -> None:
    key_id = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key_id, ReplicaRegion=handmade.OTHER_REGION)
    with refused("AlreadyExistsException"):
        kms.replicate_key(KeyId=key_id, ReplicaRegion=handmade.OTHER_REGION)


def test_a_replica_policy_must_not_lock_its_author_out(kms: KMSClient) -> None:
    key_id = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    nobody = handmade.document(handmade.deny("No", ["kms:PutKeyPolicy"], {"StringLike": {"aws:PrincipalArn": "*"}}))
    with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy"):
        kms.replicate_key(KeyId=key_id, ReplicaRegion=handmade.OTHER_REGION, Policy=json.dumps(nobody))


def test_a_primary_waits_for_its_replicas_before_it_is_deleted(aws: LocalAws, kms: KMSClient) -> None:
    key_id = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    kms.replicate_key(KeyId=key_id, ReplicaRegion=handmade.OTHER_REGION)
    assert kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)["KeyState"] == "PendingReplicaDeletion"


def test_a_ciphertext_of_another_region_is_refused(aws: LocalAws, kms: KMSClient) -> None:
    blob = kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    there = aws.session(region=handmade.OTHER_REGION).client("kms")
    with refused("AccessDeniedException", "does not exist in this region"):
        there.decrypt(CiphertextBlob=blob)
