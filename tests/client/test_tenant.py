"""What a handle promises: round trips, nobody else's message, nobody else's record, nothing damaged."""

from __future__ import annotations

import copy
import io
import pickle
import time
import unicodedata
from collections.abc import Callable
from typing import Any, Literal

import pytest
from aws_encryption_sdk.streaming_client import _EncryptionStream  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.client import (
    DamagedMessage,
    KeyMismatch,
    Limits,
    MessageRefused,
    Tenant,
    TenantKeysError,
    TokenExpired,
    WrongContext,
    WrongRecord,
    WrongTenant,
)
from tests.client.issuer import Issuer
from tests.client.standin import StandIn, key_arn
from tests.sampled import examples

NAMES = st.text(min_size=1, max_size=60).filter(lambda name: not any(0xD800 <= ord(c) < 0xE000 for c in name))
AGAIN = examples(60)


@pytest.fixture(scope="module")
def acme() -> Tenant:
    return StandIn().add("acme").keys().tenant_without_token("acme")


@pytest.fixture(scope="module")
def blob(acme: Tenant) -> bytes:
    return acme.encrypt(b"x" * 200, name="orders/1")


@AGAIN
@given(data=st.binary(max_size=200_000), name=NAMES)
def test_what_was_encrypted_is_what_is_decrypted(acme: Tenant, data: bytes, name: str) -> None:
    assert acme.decrypt(acme.encrypt(data, name=name), name=name) == data


@AGAIN
@given(data=st.binary(max_size=300_000), name=NAMES, chunk=st.integers(1, 100_000))
def test_a_stream_in_any_chunks_is_the_same_message(acme: Tenant, data: bytes, name: str, chunk: int) -> None:
    reader = acme.encrypting(io.BytesIO(data), name=name)
    message = b"".join(iter(lambda: reader.read(chunk), b""))
    assert acme.decrypt(message, name=name) == data
    opened = acme.decrypting(io.BytesIO(message), name=name)
    assert b"".join(iter(lambda: opened.read(chunk), b"")) == data


@AGAIN
@given(names=st.lists(NAMES, min_size=2, max_size=2, unique=True))
def test_a_row_copied_to_another_row_does_not_open(acme: Tenant, names: list[str]) -> None:
    name, other = names
    message = acme.encrypt(b"data", name=name)
    with pytest.raises(WrongRecord):
        acme.decrypt(message, name=other)
    with pytest.raises(WrongRecord):
        acme.decrypting(io.BytesIO(message), name=other)


def test_a_name_that_continues_into_the_data_is_not_the_same_name(acme: Tenant) -> None:
    message = acme.encrypt(b"2/card", name="orders/1")
    with pytest.raises(WrongRecord):
        acme.decrypt(message, name="orders/12")
    with pytest.raises(WrongRecord):
        acme.decrypting(io.BytesIO(message), name="orders/12")


def test_blobs_of_two_tenants_swapped_open_for_neither(aws: StandIn) -> None:
    keys = aws.keys()
    acme, globex = keys.tenant_without_token("acme"), keys.tenant_without_token("globex")
    theirs = globex.encrypt(b"secret", name="row")
    before = aws.calls["Decrypt"]
    with pytest.raises(WrongTenant):
        acme.decrypt(theirs, name="row")
    assert aws.calls["Decrypt"] == before, "refused before KMS was asked"


def test_another_tenants_message_relabelled_as_ones_own_is_refused_by_kms(aws: StandIn) -> None:
    keys = aws.keys()
    theirs = keys.tenant_without_token("globex").encrypt(b"secret", name="row")
    forged = theirs.replace(b"\x00\x06globex", b"\x00\x04acme", 1)
    length = forged.index(b"\x00\x01\x00\x09tenant_id") - 2
    forged = forged[:length] + (int.from_bytes(forged[length : length + 2]) - 2).to_bytes(2) + forged[length + 2 :]
    with pytest.raises(KeyMismatch):
        keys.tenant_without_token("acme").decrypt(forged, name="row")


def test_a_repointed_alias_opens_nothing_old(aws: StandIn) -> None:
    message = aws.keys().tenant_without_token("acme").encrypt(b"data", name="row")
    aws.add("initech")
    (acme,) = (alias for alias in aws.aliases if alias.endswith("-acme"))
    aws.aliases[acme] = "0000000f-0000-4000-8000-000000000000"
    with pytest.raises(KeyMismatch):
        aws.keys().tenant_without_token("acme").decrypt(message, name="row")


def test_an_answer_from_another_key_than_the_messages_is_refused(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    message = aws.keys().tenant_without_token("acme").encrypt(b"data", name="row")
    honest = aws._Decrypt
    lie = {"KeyId": key_arn("0000000f-0000-4000-8000-000000000000")}
    monkeypatch.setattr(aws, "_Decrypt", lambda request: honest(request) | lie)
    with pytest.raises(KeyMismatch):
        aws.keys().tenant_without_token("acme").decrypt(message, name="row")


@pytest.mark.parametrize("cut", [0, 1, 50, 300, -1, -17, -200])
def test_a_truncated_blob_is_refused(acme: Tenant, blob: bytes, cut: int) -> None:
    with pytest.raises(DamagedMessage):
        acme.decrypt(blob[:cut], name="orders/1")


def test_a_message_cut_between_frames_is_refused_at_its_end_and_never_read_as_shorter(acme: Tenant) -> None:
    message = acme.encrypt(b"x" * 300_000, name="big")
    frame = 4 + 12 + 65_536 + 16
    header = len(message) - 4 * frame - (300_006 - 4 * 65_536) - 4 - 4 - 12 - 4 - 16 + 4
    for cut in (message[: header + 2 * frame], message[:-40]):
        with pytest.raises(DamagedMessage):
            acme.decrypt(cut, name="big")
        reader = acme.decrypting(io.BytesIO(cut), name="big")
        with pytest.raises(DamagedMessage):
            reader.read()
        with pytest.raises(DamagedMessage):
            reader.read(1)


FRAME_ON_THE_WIRE = 4 + 12 + 65_536 + 16


@pytest.fixture(scope="module")
def long_message(acme: Tenant) -> tuple[bytes, bytes]:
    data = bytes(range(256)) * 2048
    return data, acme.encrypt(data, name="big")


@examples(60)
@given(
    damage=st.sampled_from(["swap", "repeat", "drop", "cut", "flip"]),
    one=st.integers(0, 7),
    other=st.integers(0, 7),
    chunk=st.sampled_from([1000, 65_536, 100_001, 1_000_000]),
)
def test_a_stream_gives_a_true_beginning_and_then_an_error(
    acme: Tenant, long_message: tuple[bytes, bytes], damage: str, one: int, other: int, chunk: int
) -> None:
    """Parts of an object in another order, twice, missing, cut off or altered: nothing unauthenticated is given."""
    data, message = long_message
    header = message.index(b"\x00\x00\x00\x01" + bytes(11) + b"\x01")
    body = message[header:]
    frames = [body[at : at + FRAME_ON_THE_WIRE] for at in range(0, 8 * FRAME_ON_THE_WIRE, FRAME_ON_THE_WIRE)]
    final = body[8 * FRAME_ON_THE_WIRE :]
    assert b"".join([message[:header], *frames, final]) == message
    if damage == "swap":
        other = other if other != one else (one + 1) % 8
        frames[one], frames[other] = frames[other], frames[one]
    elif damage == "repeat":
        frames.insert(one, frames[one])
    elif damage == "drop":
        del frames[one]
    elif damage == "cut":
        del frames[one:]
        final = b""
    else:
        frames[one] = frames[one][:-1] + bytes([frames[one][-1] ^ 1])
    given_out = b""
    with pytest.raises(DamagedMessage):
        reader = acme.decrypting(io.BytesIO(b"".join([message[:header], *frames, final])), name="big")
        while piece := reader.read(chunk):
            given_out += piece
    assert data.startswith(given_out)
    assert len(given_out) < len(data)


def test_a_source_that_gives_little_at_a_time_is_read_whole(acme: Tenant) -> None:
    class Trickle(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.rest = io.BytesIO(data)

        def read(self, size: int = -1) -> bytes:
            return self.rest.read(min(size, 1000) if size > 0 else size)

    data = bytes(300_000)
    message = acme.encrypting(Trickle(data), name="row").read()
    assert acme.decrypt(message, name="row") == data
    assert acme.decrypting(Trickle(message), name="row").read() == data


def test_both_readers_can_be_buffered_and_read_as_lines(acme: Tenant) -> None:
    lines = [b"one\n", b"two\n", b"three"]
    message = io.BufferedReader(acme.encrypting(io.BytesIO(b"".join(lines)), name="row")).readlines()
    assert acme.decrypt(b"".join(message), name="row") == b"one\ntwo\nthree"
    assert io.BufferedReader(acme.decrypting(io.BytesIO(b"".join(message)), name="row")).readlines() == lines


@pytest.mark.parametrize("gives", [None, "text"])
def test_a_source_that_does_not_wait_or_gives_text_is_no_end_of_data(acme: Tenant, gives: object) -> None:
    class Source(io.RawIOBase):
        def read(self, size: int = -1) -> Any:
            return gives

    with pytest.raises(TypeError, match="source"):
        acme.encrypting(Source(), name="row").read()


def test_bytes_after_the_message_are_refused(acme: Tenant, blob: bytes) -> None:
    with pytest.raises(DamagedMessage):
        acme.decrypt(blob + b"x", name="orders/1")
    with pytest.raises(DamagedMessage):
        acme.decrypting(io.BytesIO(blob + b"x"), name="orders/1").read()


@examples(400)
@given(place=st.floats(0, 0.999), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_refused(acme: Tenant, blob: bytes, place: float, bit: int) -> None:
    damaged = bytearray(blob)
    damaged[int(place * len(blob))] ^= 1 << bit
    with pytest.raises(MessageRefused):
        acme.decrypt(bytes(damaged), name="orders/1")


@AGAIN
@given(noise=st.binary(max_size=600))
def test_noise_is_refused_by_name(acme: Tenant, noise: bytes) -> None:
    with pytest.raises(DamagedMessage):
        acme.decrypt(noise, name="orders/1")


@AGAIN
@given(noise=st.binary(max_size=600), keep=st.integers(0, 400))
def test_a_message_that_turns_to_noise_is_refused_by_name(acme: Tenant, blob: bytes, noise: bytes, keep: int) -> None:
    with pytest.raises(MessageRefused):
        acme.decrypt(blob[:keep] + noise, name="orders/1")


def test_the_context_must_be_the_same_at_both_ends(acme: Tenant) -> None:
    message = acme.encrypt(b"data", name="row", context={"table": "orders"})
    assert acme.decrypt(message, name="row", context={"table": "orders"}) == b"data"
    for other in ({"table": "invoices"}, None, {"table": "orders", "more": "x"}):
        with pytest.raises(WrongContext):
            acme.decrypt(message, name="row", context=other)


@pytest.mark.parametrize("key", ["tenant_id", "Tenant_ID", "TENANT_ID", "aws-crypto-public-key", ""])
def test_the_context_cannot_name_the_tenant_in_any_case(acme: Tenant, key: str) -> None:
    with pytest.raises(ValueError, match="context"):
        acme.encrypt(b"data", name="row", context={key: "globex"})


def test_no_method_of_a_handle_takes_a_tenant_and_no_attribute_changes(acme: Tenant) -> None:
    for attribute in ("id", "_id", "_connections", "other"):
        with pytest.raises(AttributeError):
            setattr(acme, attribute, "globex")
    for duplicate in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            duplicate(acme)


def test_a_handle_ends_with_its_token_even_if_all_is_cached(
    aws: StandIn, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = aws.keys(verifier=issuer.verifier()).tenant(issuer.token(lives=60))
    message = tenant.encrypt(b"data", name="row")
    later = time.time() + 66
    monkeypatch.setattr(time, "time", lambda: later)
    for use in (lambda: tenant.encrypt(b"data", name="row"), lambda: tenant.decrypt(message, name="row")):
        with pytest.raises(TokenExpired):
            use()


def test_a_token_good_enough_to_verify_is_good_enough_to_use(aws: StandIn, issuer: Issuer) -> None:
    """Clocks may differ by 5 s, at both places."""
    aws.keys(verifier=issuer.verifier()).tenant(issuer.token(lives=-2)).encrypt(b"data", name="row")


def test_a_context_is_a_copy(acme: Tenant) -> None:
    context = {"table": "orders"}
    reader = acme.encrypting(io.BytesIO(b"data"), name="row", context=context)
    context["table"] = "invoices"
    assert acme.decrypt(reader.read(), name="row", context={"table": "orders"}) == b"data"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda tenant: tenant.encrypt("text", name="row"), "data: got str"),
        (lambda tenant: tenant.encrypt(None, name="row"), "data: got NoneType"),
        (lambda tenant: tenant.decrypt("text", name="row"), "blob: got str"),
        (lambda tenant: tenant.encrypt(b"", name=7), "name: got int"),
        (lambda tenant: tenant.encrypt(b"", name=b"row"), "name: got bytes"),
        (lambda tenant: tenant.encrypt(b"", name=""), "name: got 0 bytes"),
        (lambda tenant: tenant.encrypt(b"", name="x" * 32_769), "name: got 32769 bytes"),
        (lambda tenant: tenant.encrypt(b"", name="row", context={"a": 1}), "context: keys and values"),
        (lambda tenant: tenant.encrypt(b"", name="row", context={"a": "x" * 70_000}), "context: longer"),
    ],
)
def test_a_mistake_of_the_caller_is_named(acme: Tenant, call: Callable[[Any], object], said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        call(acme)


def test_the_longest_name_and_context_are_taken_and_no_longer_ones(acme: Tenant) -> None:
    """65,535 bytes: two for the number of pairs, two more a string, the tenant's own pair among them."""
    name, context = "n" * 32_768, {"a": "x" * 65_511}
    assert acme.decrypt(acme.encrypt(b"data", name=name, context=context), name=name, context=context) == b"data"
    with pytest.raises(ValueError, match="context: longer than the 65535 bytes that a message can hold"):
        acme.encrypt(b"data", name="row", context={"a": "x" * 65_512})


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"": "a"}, "context: keys and values must not be empty"),
        ({"a": ""}, "context: keys and values must not be empty"),
        ({1: "a"}, "context: keys and values must be strings"),
        ({"Tenant_ID": "a"}, "context: 'Tenant_ID' is set by the client, from the tenant of this handle"),
        ({"aws-crypto-x": "a"}, "context: 'aws-crypto-x' is set by the client, from the tenant of this handle"),
    ],
)
def test_a_context_that_cannot_be_is_named(acme: Tenant, context: Any, said: str) -> None:
    with pytest.raises(ValueError, match="context") as refused:
        acme.encrypt(b"data", name="row", context=context)
    assert str(refused.value) == said


def test_what_holds_bytes_is_taken_as_bytes(acme: Tenant) -> None:
    for kind in (bytearray, memoryview):
        assert acme.decrypt(kind(acme.encrypt(kind(b"data"), name="row")), name="row") == b"data"


def test_the_sdk_is_never_asked_for_more_than_a_mebibyte_at_once(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """It copies all that it holds once a frame: asked for 64 MiB in one step, it takes minutes."""
    asked: list[int] = []
    read = _EncryptionStream.read

    def counting(self: object, b: int = -1) -> bytes:
        asked.append(b)
        piece: bytes = read(self, b)
        return piece

    monkeypatch.setattr(_EncryptionStream, "read", counting)
    data = bytes(4 * 1024 * 1024 + 1)
    message = acme.encrypt(data, name="big")
    assert acme.decrypt(message, name="big") == data
    reader = acme.encrypting(io.BytesIO(data), name="big")
    assert len(reader.read(len(message))) == len(message)
    assert len(asked) > 3 * 4
    assert 0 < min(asked) <= max(asked) <= 1024 * 1024


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_its_code_points_and_not_how_it_looks(acme: Tenant, form: Literal["NFC", "NFD"]) -> None:
    other: Literal["NFC", "NFD"] = "NFD" if form == "NFC" else "NFC"
    message = acme.encrypt(b"data", name=unicodedata.normalize(form, "é"))
    with pytest.raises(WrongRecord):
        acme.decrypt(message, name=unicodedata.normalize(other, "é"))


def test_two_handles_on_one_process_never_share_a_data_key(aws: StandIn) -> None:
    """A shared cache is an authorization bypass: the second tenant's reads would need no KMS call at all."""
    keys = aws.keys()
    acme, globex = keys.tenant_without_token("acme"), keys.tenant_without_token("globex")
    message = acme.encrypt(b"data", name="row")
    acme.decrypt(message, name="row")
    globex.encrypt(b"data", name="row")
    assert aws.calls["AssumeRole"] == 2
    assert aws.calls["GenerateDataKey"] == 2
    with pytest.raises(TenantKeysError):
        globex.decrypt(message, name="row")
    mine, theirs = (keys._connections.to(tenant).data_keys for tenant in ("acme", "globex"))
    assert mine._reading is not theirs._reading
    assert mine._writing is not theirs._writing


def test_the_defaults_delay_a_revocation_by_five_minutes_at_most() -> None:
    assert Limits().max_age == 300
