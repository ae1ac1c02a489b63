"""Ids and contexts whose types answer one thing when checked and another when used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum

import pytest

from tenant_keys.client import (
    UnknownTenant,
    WrongTenant,
)
from tests.client.standin import StandIn


@pytest.mark.parametrize("bad", ["", "A", "a--b", "-a", "a-", "a/b", "a\n", "*", "a" * 41, "ä", None, 7])
def test_an_id_that_could_mean_more_than_a_tenant_is_unknown(aws: StandIn, bad: object) -> None:
    with pytest.raises(UnknownTenant):
        aws.keys().tenant_without_token(bad)
    assert not aws.calls


class Impostor(str):
    """Says that it equals everything, and hides in the dictionary's place of globex."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return hash("globex")

    def lower(self) -> str:
        return "harmless"


class Plan(str, Enum):  # noqa: UP042  # such enums print as their name
    ACME = "acme"


def test_an_id_of_another_string_type_is_its_characters_and_no_more(aws: StandIn) -> None:
    keys = aws.keys()
    globex = keys.tenant_without_token("globex")
    secret = globex.encrypt(b"secret", name="row")
    globex.decrypt(secret, name="row")
    tenant = keys.tenant_without_token(Impostor("acme"))
    assert type(tenant.id) is str
    with pytest.raises(WrongTenant):
        tenant.decrypt(secret, name="row")
    keys.tenant_without_token(Plan.ACME).encrypt(b"data", name="row")
    assert [request["RoleSessionName"] for request in aws.requests if "RoleSessionName" in request] == [
        "orders-globex",
        "orders-acme",
    ]


class TwoFaced(Mapping[str, str]):
    """Shows one key when it is checked and another when it is read again."""

    def __init__(self) -> None:
        self.looks = 0

    def __getitem__(self, key: str) -> str:
        return "globex"

    def __iter__(self) -> Iterator[str]:
        self.looks += 1
        return iter(["table"] if self.looks == 1 else ["Tenant_ID"])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("context", [TwoFaced(), {Impostor("Tenant_ID"): "globex"}], ids=["mapping", "string"])
def test_a_context_that_changes_after_the_check_names_no_tenant(aws: StandIn, context: Mapping[str, str]) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    with suppress(ValueError):
        tenant.encrypt(b"data", name="row", context=context)
    for request in aws.requests:
        assert "Tenant_ID" not in request.get("EncryptionContext", {})
        assert request.get("EncryptionContext", {"tenant_id": "acme"})["tenant_id"] == "acme"
