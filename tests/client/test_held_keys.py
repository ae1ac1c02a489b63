"""Keys that tenants hold themselves are named by ARN, and no answer of KMS is never taken for a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    Counters,
    Limits,
    ServiceUnavailable,
    Settings,
    Tenant,
    TenantKeysError,
    TenantSuspended,
    Throttled,
    UnknownTenant,
)
from tenant_keys.client.session_policy import session_policy
from tenant_keys.client.settings import HeldKey
from tests.client.clock import Clock
from tests.client.standin import REGION, StandIn, settings

KEY_ID = "0000000c-0000-4000-8000-000000000000"
HELD = f"arn:aws:kms:{REGION}:555555555555:key/{KEY_ID}"
GRACE = 600


@dataclass(repr=False)
class Owner(StandIn):
    """The stand-in with a key in the tenant's own account."""

    state: str = "Enabled"

    def _key(self, request: dict[str, Any]) -> str:
        if request.get("KeyId") != HELD:
            return super()._key(request)
        return KEY_ID

    def _seal(self, request: dict[str, Any], plaintext: bytes) -> dict[str, Any]:
        return super()._seal(request, plaintext) | {"KeyId": HELD}

    def _Decrypt(self, request: dict[str, Any]) -> dict[str, Any]:
        return super()._Decrypt(request) | {"KeyId": HELD}

    def _DescribeKey(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"KeyMetadata": {"KeyId": KEY_ID, "Arn": request["KeyId"], "KeyState": self.state}}


@pytest.fixture
def owner() -> Owner:
    return Owner()


def tenant(owner: Owner, grace: int = GRACE, counters: Counters | None = None) -> Tenant:
    held = {"globex": HeldKey(HELD, grace)}
    limits = Limits(max_age=60, attempts=1)
    return owner.keys(limits=limits, held=held, on_event=counters).tenant_without_token("globex")


def refuse(owner: Owner, code: str, status: int = 400) -> None:
    for operation in ("GenerateDataKey", "Decrypt"):
        owner.fail[operation], owner.status[operation] = code, status


UNREACHABLE = {
    "ThrottlingException": Throttled,
    "LimitExceededException": Throttled,
    "RequestLimitExceeded": Throttled,
    "KMSInternalException": ServiceUnavailable,
    "DependencyTimeoutException": ServiceUnavailable,
    "KeyUnavailableException": ServiceUnavailable,
    "ServiceUnavailable": ServiceUnavailable,
    "InternalFailure": ServiceUnavailable,
    "RequestTimeout": ServiceUnavailable,
}
REVOKED = {
    "DisabledException": TenantSuspended,
    "KMSInvalidStateException": TenantSuspended,
    "AccessDeniedException": AccessDenied,
    "NotFoundException": UnknownTenant,
    "InvalidKeyUsageException": TenantKeysError,
    "InvalidArnException": TenantKeysError,
    "SomethingThatAwsHasYetToInvent": TenantKeysError,
}


def test_requests_name_the_tenants_key_by_its_arn_and_data_opens_again(owner: Owner) -> None:
    own = tenant(owner)
    blob = own.encrypt(b"data", name="row")
    owner.keys(held={"globex": HeldKey(HELD)}).tenant_without_token("globex").decrypt(blob, name="row")
    named = {(one["operation"], one["KeyId"]) for one in owner.requests if "KeyId" in one}
    assert named == {("GenerateDataKey", HELD), ("Decrypt", HELD)}


def test_the_session_policy_names_the_one_key_and_the_context(owner: Owner) -> None:
    names = settings(held={"globex": HeldKey(HELD)}).names("globex")
    use, describe = json.loads(session_policy(names, "globex", frozenset({"encrypt", "decrypt"})))["Statement"]
    assert (use["Resource"], describe["Resource"]) == (HELD, HELD)
    assert use["Condition"] == {"StringEquals": {"kms:EncryptionContext:tenant_id": "globex"}}
    assert "Condition" not in describe


@pytest.mark.parametrize("code", UNREACHABLE)
def test_while_kms_gives_no_answer_held_data_keys_are_used_within_the_grace(
    owner: Owner, clock: Clock, code: str
) -> None:
    counters = Counters()
    own = tenant(owner, counters=counters)
    blob = own.encrypt(b"data", name="row")
    assert own.decrypt(blob, name="row") == b"data"
    refuse(owner, code, 500 if UNREACHABLE[code] is ServiceUnavailable else 400)
    clock.forward(61)
    assert own.decrypt(blob, name="row") == b"data"
    assert own.decrypt(own.encrypt(b"more", name="row"), name="row") == b"more"
    assert counters.total("grace") >= 2
    clock.forward(GRACE)
    with pytest.raises(UNREACHABLE[code]):
        own.decrypt(blob, name="row")
    with pytest.raises(UNREACHABLE[code]):
        own.encrypt(b"more", name="row")


@pytest.mark.parametrize("code", REVOKED)
def test_a_refusal_ends_the_use_at_once_and_no_grace_brings_it_back(owner: Owner, clock: Clock, code: str) -> None:
    own = tenant(owner)
    owner.state = "PendingDeletion"
    blob = own.encrypt(b"data", name="row")
    assert own.decrypt(blob, name="row") == b"data"
    refuse(owner, code)
    clock.forward(61)
    for _ in range(2):
        with pytest.raises(REVOKED[code]):
            own.decrypt(blob, name="row")
        with pytest.raises(REVOKED[code]):
            own.encrypt(b"more", name="row")
    refuse(owner, "KMSInternalException", 500)
    with pytest.raises(ServiceUnavailable):
        own.decrypt(blob, name="row")


def test_kms_is_asked_again_after_a_pause_and_its_answer_counts(owner: Owner, clock: Clock) -> None:
    own = tenant(owner)
    blob = own.encrypt(b"data", name="row")
    own.decrypt(blob, name="row")
    refuse(owner, "KMSInternalException", 500)
    clock.forward(61)
    own.decrypt(blob, name="row")
    asked = owner.calls["Decrypt"]
    own.decrypt(blob, name="row")
    assert owner.calls["Decrypt"] == asked, "not for each message"
    clock.forward(11)
    own.decrypt(blob, name="row")
    assert owner.calls["Decrypt"] == asked + 1
    refuse(owner, "DisabledException")
    clock.forward(11)
    with pytest.raises(TenantSuspended):
        own.decrypt(blob, name="row")


def test_no_session_is_no_answer_either(owner: Owner, clock: Clock) -> None:
    owner.session_seconds = 100
    own = tenant(owner)
    blob = own.encrypt(b"data", name="row")
    own.decrypt(blob, name="row")
    owner.fail["AssumeRole"], owner.status["AssumeRole"] = "ServiceUnavailable", 503
    clock.forward(101)
    assert own.decrypt(blob, name="row") == b"data"
    clock.forward(GRACE)
    with pytest.raises(ServiceUnavailable):
        own.decrypt(blob, name="row")


@pytest.mark.parametrize("state", ["Unavailable", "Enabled"])
def test_an_external_key_store_that_does_not_answer_is_no_refusal(owner: Owner, clock: Clock, state: str) -> None:
    own = tenant(owner)
    blob = own.encrypt(b"data", name="row")
    own.decrypt(blob, name="row")
    owner.state = state
    refuse(owner, "KMSInvalidStateException")
    clock.forward(61)
    assert own.decrypt(blob, name="row") == b"data"
    clock.forward(GRACE)
    with pytest.raises(ServiceUnavailable, match=f"key store does not answer .KeyState {state}."):
        own.decrypt(blob, name="row")


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion", "PendingImport"])
def test_an_invalid_state_that_the_owner_chose_is_a_refusal(owner: Owner, clock: Clock, state: str) -> None:
    own = tenant(owner)
    blob = own.encrypt(b"data", name="row")
    own.decrypt(blob, name="row")
    owner.state = state
    refuse(owner, "KMSInvalidStateException")
    clock.forward(61)
    with pytest.raises(TenantSuspended, match=state):
        own.decrypt(blob, name="row")


def test_without_a_grace_no_data_key_outlives_its_age(owner: Owner, clock: Clock) -> None:
    own = tenant(owner, grace=0)
    blob = own.encrypt(b"data", name="row")
    own.decrypt(blob, name="row")
    refuse(owner, "KMSInternalException", 500)
    clock.forward(61)
    with pytest.raises(ServiceUnavailable):
        own.decrypt(blob, name="row")


@pytest.mark.parametrize(
    "held",
    [
        {"globex": HELD},
        {"globex": {"key_arn": HELD}},
        {"globex": {"key_arn": HELD, "grace_seconds": "60"}},
        {"globex": {"key_arn": HELD, "grace_seconds": True}},
        {"globex": {"key_arn": HELD, "grace_seconds": 86_401}},
        {"globex": {"key_arn": HELD, "grace_seconds": -1}},
        {"globex": {"key_arn": HELD, "grace_seconds": 0, "more": 1}},
        {"globex": {"key_arn": HELD.replace("key/", "alias/"), "grace_seconds": 0}},
        {"Globex": {"key_arn": HELD, "grace_seconds": 0}},
        [],
    ],
)
def test_a_document_that_says_something_else_of_held_keys_is_refused(held: object) -> None:
    document = {
        "version": 1,
        "workload": "orders",
        "access": "tenant-role",
        "role_arn": settings().role_arn,
        "alias_arn": settings().alias_arn,
        "operations": ["decrypt"],
        "held": held,
    }
    with pytest.raises((ConfigurationError, UnknownTenant)):
        Settings.from_json(json.dumps(document), origin="a test")
