"""The fast way to seal a small message gives the Encryption SDK's own bytes, and the fast way to open refuses none."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.client import (
    Counters,
    DamagedMessage,
    Limits,
    MessageRefused,
    Tenant,
    WrongContext,
    WrongRecord,
    WrongTenant,
)
from tenant_keys.client.data_keys import WritingKey
from tenant_keys.client.record import seal_name
from tenant_keys.client.sdk import FRAME, POLICY, SUITE, StreamEncryptor
from tenant_keys.client.single_frame import _Given
from tests.client.clock import Clock
from tests.client.standin import StandIn
from tests.sampled import examples

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


@examples(150)
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


@pytest.fixture(scope="module")
def message(acme: Tenant) -> bytes:
    """One of those whose like has been opened before."""
    first, second = (acme.encrypt(b"the data", name="row", context={"table": "t"}) for _ in range(2))
    assert acme.decrypt(first, name="row", context={"table": "t"}) == b"the data"
    return second


def opened(tenant: Tenant, message: bytes) -> bytes | None:
    return tenant._materials().opened(message, tenant._context({"table": "t"}))


def refused(tenant: Tenant, message: bytes) -> bool:
    """Not opened by the template, and refused by name."""
    if opened(tenant, message) is not None:
        return False
    with pytest.raises(MessageRefused):
        tenant.decrypt(message, name="row", context={"table": "t"})
    return True


@examples(150)
@given(payloads=st.lists(st.binary(max_size=5000), min_size=2, max_size=3), context=CONTEXTS)
def test_a_template_opens_what_the_sdk_would(acme: Tenant, payloads: list[bytes], context: dict[str, str]) -> None:
    first, *others = (acme.encrypt(payload, name="row", context=context) for payload in payloads)
    assert acme.decrypt(first, name="row", context=context) == payloads[0]
    for payload, other in zip(payloads[1:], others, strict=True):
        assert acme._materials().opened(other, acme._context(context)) == seal_name("row") + payload


def test_a_template_opens_a_message_and_no_message_with_any_byte_changed(acme: Tenant, message: bytes) -> None:
    assert opened(acme, message) == seal_name("row") + b"the data"
    for at, byte in enumerate(message):
        assert refused(acme, message[:at] + bytes([byte ^ 1 << at % 8]) + message[at + 1 :]), at


def test_a_template_opens_nothing_shorter_or_longer(acme: Tenant, message: bytes) -> None:
    for end in range(len(message)):
        assert refused(acme, message[:end]), end
    assert all(refused(acme, message + more) for more in (b"\0", message[-16:], message))


def test_a_template_opens_no_parts_of_two_messages(acme: Tenant, message: bytes) -> None:
    other = acme.encrypt(b"the date", name="row", context={"table": "t"})
    assert (len(other), acme.decrypt(other, name="row", context={"table": "t"})) == (len(message), b"the date")
    for at in range(1, len(message)):
        mixed = message[:at] + other[at:]
        assert mixed in (message, other) or refused(acme, mixed), at


def test_a_template_is_of_one_tenant_and_one_context(message: bytes, acme: Tenant) -> None:
    with pytest.raises(WrongContext):
        acme.decrypt(message, name="row", context={"table": "u"})
    with pytest.raises(WrongRecord):
        acme.decrypt(message, name="another", context={"table": "t"})
    aws = StandIn().add("acme", "globex")
    one, other = (aws.keys().tenant_without_token(tenant) for tenant in ("acme", "globex"))
    blobs = [one.encrypt(b"x", name="row") for _ in range(2)]
    assert one.decrypt(blobs[0], name="row") == one.decrypt(blobs[1], name="row") == b"x"
    assert other._materials().opened(blobs[1], other._context(None)) is None
    with pytest.raises(WrongTenant):
        other.decrypt(blobs[1], name="row")


def test_a_template_goes_with_the_key_that_it_is_for(clock: Clock) -> None:
    aws, counters = StandIn().add("acme"), Counters()
    keys = aws.keys(limits=Limits(max_age=60), on_event=counters)
    tenant = keys.tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="row")
    for asked, forget in ((1, lambda: None), (2, lambda: clock.forward(61)), (3, lambda: keys.forget("acme"))):
        forget()
        assert [tenant.decrypt(blob, name="row") for _ in range(5)] == [b"x"] * 5
        assert aws.calls["Decrypt"] == asked
    assert (counters.total("cache_miss"), counters.total("cache_hit")) == (1 + 3, 3 * 4), "one event a message"


@pytest.mark.parametrize("size", [FRAME - 7, FRAME - 6, FRAME - 5, FRAME, 2 * FRAME])
def test_a_message_of_several_frames_is_left_to_the_sdk(acme: Tenant, size: int) -> None:
    blobs = [acme.encrypt(b"x" * size, name="row") for _ in range(2)]
    assert [acme.decrypt(blob, name="row") for blob in blobs] == [b"x" * size] * 2
    one_frame = size + len(seal_name("row")) < FRAME
    assert (acme._materials().opened(blobs[1], acme._context(None)) is not None) == one_frame


def test_a_frame_longer_than_its_header_says_is_left_to_the_sdk_which_refuses_it(acme: Tenant) -> None:
    """Written by somebody who has the data key, and another frame length."""
    sealer = writing_key(acme, {"table": "short frames"}).sealer
    sealer._middle = sealer._middle[:-4] + (1024).to_bytes(4, "big")
    fits, also_fits, longer = (sealer.seal(seal_name("row") + b"x" * size) for size in (100, 1018, 1019))
    context = {"table": "short frames"}
    assert acme.decrypt(fits, name="row", context=context) == b"x" * 100
    assert acme._materials().opened(also_fits, acme._context(context)) == seal_name("row") + b"x" * 1018
    assert acme._materials().opened(longer, acme._context(context)) is None
    with pytest.raises(DamagedMessage):
        acme.decrypt(longer, name="row", context=context)


def test_a_message_without_frames_makes_no_template(acme: Tenant) -> None:
    key, context = writing_key(acme, {"table": "no frames"}), {"table": "no frames"}
    message = StreamEncryptor(
        source=seal_name("row") + b"x",
        materials_manager=_Given(key.materials),
        encryption_context=key.materials.encryption_context,
        algorithm=SUITE,
        frame_length=0,
        commitment_policy=POLICY,
        max_encrypted_data_keys=1,
    ).read()
    for _ in range(2):
        assert acme._materials().opened(message, acme._context(context)) is None
        assert acme.decrypt(message, name="row", context=context) == b"x"
