"""Messages and keys that the keyring refuses before KMS is asked."""

from __future__ import annotations

import pytest
from aws_cryptographic_material_providers.mpl import (  # type: ignore[import-untyped]
    AwsCryptographicMaterialProviders,
)
from aws_cryptographic_material_providers.mpl.config import (  # type: ignore[import-untyped]
    MaterialProvidersConfig,
)
from aws_cryptographic_material_providers.mpl.errors import OpaqueError  # type: ignore[import-untyped]
from aws_cryptographic_material_providers.mpl.models import (  # type: ignore[import-untyped]
    CreateMultiKeyringInput,
)
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient  # type: ignore[import-untyped]

from tenant_keys.client import (
    DamagedMessage,
    KeyMismatch,
    MessageRefused,
)
from tenant_keys.client.data_key import same_key
from tenant_keys.client.keyring import AliasKeyring
from tenant_keys.client.sdk import (
    FRAME,
    POLICY,
    SUITE,
    Algorithm,
    AWSEncryptionSDKClientError,
    StreamEncryptor,
)
from tests.client.standin import CENTRAL, REGION, StandIn, key_arn
from tests.client.stock import stock_keyring


@pytest.mark.parametrize("alias", ["alias/tenant-acme", key_arn("x"), "tenant-acme"])
def test_the_keyring_takes_the_arn_of_an_alias_and_nothing_else(alias: str) -> None:
    with pytest.raises(ValueError, match="alias"):
        AliasKeyring(kms=None, alias_arn=alias, tenant_id="acme")


@pytest.mark.parametrize("context", [{}, {"tenant_id": "globex"}, {"Tenant_ID": "acme"}, {"tenant_id": ""}], ids=str)
def test_the_keyring_by_itself_wants_its_tenant_in_the_context(aws: StandIn, context: dict[str, str]) -> None:
    """For anyone who uses `AliasKeyring` with the Encryption SDK and without the rest."""
    sdk = EncryptionSDKClient(commitment_policy=POLICY, max_encrypted_data_keys=1)
    kms = aws.session().client("kms")
    arn = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-acme"
    keyring = AliasKeyring(kms=kms, alias_arn=arn, tenant_id="acme")
    with pytest.raises((AWSEncryptionSDKClientError, OpaqueError)):
        sdk.encrypt(source=b"data", keyring=keyring, encryption_context=context)
    assert not aws.calls
    good, _ = sdk.encrypt(source=b"data", keyring=keyring, encryption_context={"tenant_id": "acme"})
    assert sdk.decrypt(source=good, keyring=keyring)[0] == b"data"
    assert {request["KeyId"] for request in aws.requests} == {arn}
    aws.calls.clear()
    with pytest.raises((AWSEncryptionSDKClientError, OpaqueError)):
        sdk.decrypt(source=good, keyring=AliasKeyring(kms=kms, alias_arn=arn, tenant_id="globex"))
    assert not aws.calls


def test_a_message_that_two_keys_could_open_is_refused_before_kms_is_asked(aws: StandIn) -> None:
    """Anyone who may write could add a data key of another tenant's, and that tenant would read along."""
    kms = aws.session().client("kms")
    arns = [f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}" for tenant in ("acme", "globex")]
    own, other = (stock_keyring(aws.session(), arn) for arn in arns)
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    both = providers.create_multi_keyring(input=CreateMultiKeyringInput(generator=own, child_keyrings=[other]))
    message = StreamEncryptor(
        source=b"\x01\x00\x03rowdata",
        keyring=both,
        encryption_context={"tenant_id": "acme"},
        algorithm=SUITE,
        frame_length=FRAME,
        commitment_policy=POLICY,
    ).read()
    assert message.count(b"aws-kms") == 2
    with pytest.raises(MessageRefused):
        aws.keys().tenant_without_token("acme").decrypt(message, name="row")
    keyring = AliasKeyring(kms=kms, alias_arn=arns[0], tenant_id="acme")
    with pytest.raises((AWSEncryptionSDKClientError, OpaqueError)):
        EncryptionSDKClient(commitment_policy=POLICY).decrypt(source=message, keyring=keyring)
    assert not aws.calls["Decrypt"]


@pytest.mark.parametrize(
    "algorithm", [None, Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256, Algorithm.AES_256_GCM_IV12_TAG16], ids=str
)
def test_a_message_of_another_suite_is_refused_before_kms_is_asked(aws: StandIn, algorithm: Algorithm | None) -> None:
    """Signed, or without key commitment, under which one message can hold two plaintexts for two keys."""
    arn = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-acme"
    policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT if algorithm else POLICY
    message, _ = EncryptionSDKClient(commitment_policy=policy).encrypt(
        source=b"\x01\x00\x03rowdata",
        keyring=stock_keyring(aws.session(), arn),
        encryption_context={"tenant_id": "acme"},
        algorithm=algorithm,
    )
    with pytest.raises(MessageRefused):
        aws.keys().tenant_without_token("acme").decrypt(message, name="row")
    assert not aws.calls["Decrypt"]


def test_replicas_of_one_key_are_the_same_key_and_namesakes_are_not() -> None:
    assert same_key(key_arn("mrk-1"), key_arn("mrk-1", region="eu-central-1"))
    assert not same_key(key_arn("1"), key_arn("1", region="eu-central-1"))
    assert not same_key(key_arn("mrk-1"), key_arn("mrk-2"))
    assert not same_key(key_arn("mrk-1"), key_arn("mrk-1", account="999999999999"))


def test_a_message_of_a_key_in_another_account_is_refused_before_kms_is_asked(aws: StandIn) -> None:
    keys = aws.keys()
    blob = keys.tenant_without_token("acme").encrypt(b"x", name="n").replace(CENTRAL.encode(), b"999999999999")
    with pytest.raises(KeyMismatch):
        keys.tenant_without_token("acme").decrypt(blob, name="n")
    assert not aws.calls["Decrypt"]


@pytest.mark.parametrize("ciphertext", [b"", b"x" * 6145], ids=["empty", "longer than any that KMS returns"])
def test_an_encrypted_data_key_that_kms_would_not_take_is_damage_and_no_outage(aws: StandIn, ciphertext: bytes) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="n")
    start = blob.index(b":key/") + len(":key/") + 36
    length = int.from_bytes(blob[start : start + 2])
    forged = blob[:start] + len(ciphertext).to_bytes(2) + ciphertext + blob[start + 2 + length :]
    with pytest.raises(DamagedMessage):
        tenant.decrypt(forged, name="n")
    assert not aws.calls["Decrypt"]
