"""Ciphertext opens under the same key, the same material and exactly the same context, and never else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.local.kms import ciphertext
from tenant_keys.local.kms.ciphertext import CiphertextError
from tenant_keys.local.kms.material import generate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = st.one_of(st.uuids().map(str), st.uuids().map(lambda each: f"mrk-{each.hex}"))
CONTEXTS = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=4)


@given(KEYS, st.binary(max_size=64), CONTEXTS)
def test_what_was_sealed_opens(key_id: str, plaintext: bytes, context: dict[str, str]) -> None:
    material = generate(NOW)
    sealed = ciphertext.parse(ciphertext.seal(key_id, material, plaintext, context))
    assert sealed.key_id == key_id
    assert ciphertext.unseal(sealed, material, dict(reversed(context.items()))) == plaintext


@given(st.tuples(CONTEXTS, CONTEXTS).filter(lambda two: two[0] != two[1]))
def test_another_context_does_not_open(contexts: tuple[dict[str, str], dict[str, str]]) -> None:
    context, other = contexts
    material, key_id = generate(NOW), str(uuid.uuid4())
    sealed = ciphertext.parse(ciphertext.seal(key_id, material, b"secret", context))
    with pytest.raises(CiphertextError):
        ciphertext.unseal(sealed, material, other)


def test_the_boundary_between_name_and_value_counts() -> None:
    material, key_id = generate(NOW), str(uuid.uuid4())
    sealed = ciphertext.parse(ciphertext.seal(key_id, material, b"secret", {"a": "bc"}))
    with pytest.raises(CiphertextError):
        ciphertext.unseal(sealed, material, {"ab": "c"})


@given(st.data())
def test_a_changed_byte_does_not_open(data: st.DataObject) -> None:
    material, key_id = generate(NOW), str(uuid.uuid4())
    blob = bytearray(ciphertext.seal(key_id, material, b"secret", {"tenant_id": "acme"}))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CiphertextError):
        ciphertext.unseal(ciphertext.parse(bytes(blob)), material, {"tenant_id": "acme"})


def test_other_material_does_not_open() -> None:
    key_id = str(uuid.uuid4())
    sealed = ciphertext.parse(ciphertext.seal(key_id, generate(NOW), b"secret", {}))
    with pytest.raises(CiphertextError):
        ciphertext.unseal(sealed, generate(NOW), {})


@given(st.binary(max_size=100))
def test_what_this_kms_did_not_make_is_refused(blob: bytes) -> None:
    with pytest.raises(CiphertextError):
        ciphertext.unseal(ciphertext.parse(blob), generate(NOW), {})
