"""The fast way to seal a small message gives the Encryption SDK's own bytes."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenant_keys.client import Tenant
from tenant_keys.client.data_keys import WritingKey
from tenant_keys.client.sdk import FRAME, POLICY, SUITE, StreamEncryptor
from tenant_keys.client.single_frame import _Given
from tests.client.standin import StandIn

CONTEXTS = st.dictionaries(
    st.text("abcdefghijklmnopqrstuvwxyz:é", min_size=1, max_size=20),
    st.text("xyzé/1", min_size=1, max_size=30),
    max_size=4,
)


@pytest.fixture(scope="module")
def acme() -> Tenant:
    return StandIn().add("acme").keys().tenant_without_token("acme")


def writing_key(tenant: Tenant, context: dict[str, str]) -> WritingKey:
    return tenant._materials().for_writing(tenant._context(context))


@settings(max_examples=150)
@given(payload=st.binary(max_size=5000), context=CONTEXTS)
def test_the_bytes_are_those_of_the_sdk(acme: Tenant, payload: bytes, context: dict[str, str]) -> None:
    key = writing_key(acme, context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "urandom", lambda size: b"\x5a" * size)
        ours = key.sealer.seal(payload)
        theirs = StreamEncryptor(
            source=payload,
            materials_manager=_Given(key.materials),
            encryption_context=key.materials.encryption_context,
            algorithm=SUITE,
            frame_length=FRAME,
            commitment_policy=POLICY,
            max_encrypted_data_keys=1,
        ).read()
    assert ours == theirs


def test_every_message_has_an_id_of_its_own(acme: Tenant) -> None:
    sealer = writing_key(acme, {}).sealer
    assert len({sealer.seal(b"same")[3:35] for _ in range(1000)}) == 1000
    assert len({sealer.seal(b"same") for _ in range(1000)}) == 1000


@pytest.mark.parametrize("size", [FRAME - 7, FRAME - 6, FRAME - 5, FRAME, FRAME + 1])
def test_around_one_frame_both_ways_read_alike(acme: Tenant, size: int) -> None:
    assert acme.decrypt(acme.encrypt(b"x" * size, name="row"), name="row") == b"x" * size
