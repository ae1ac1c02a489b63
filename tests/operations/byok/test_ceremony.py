"""Import, rotation, revocation and return of key material, in one Region and in two, interrupted everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.operations import byok
from tenant_keys.operations.byok import ByokError, Ceremony, NotImported, RegionalKey, wrap
from tenant_keys.operations.byok.ceremony import Purpose

Materials = dict[str, bytes]
"""The customer's own record: label to bytes."""
MakeCeremony = Callable[[str], Ceremony]


def bring(
    ceremony: Ceremony, vault: Materials, purpose: Purpose = "missing", expires: datetime | None = None
) -> list[RegionalKey]:
    """Start, wrap and import; the customer makes bytes for each label that it does not know."""
    parameters = byok.start(ceremony, purpose, say=quiet)
    for slot in parameters["slots"]:
        vault.setdefault(slot["label"], bytes([len(vault) + 1]) * 32)
    return byok.import_material(ceremony, wrap.wrap(parameters, vault), expires=expires, say=quiet)


def quiet(_line: str) -> None:
    """Say nothing."""


def states(keys: list[RegionalKey]) -> list[tuple[str, str, list[tuple[str, bool]]]]:
    return [(key.region, key.state, [(each.state, each.imported) for each in key.materials]) for key in keys]


def replicate(ceremony: Ceremony) -> None:
    """Make the replica that the second Region's stack would."""
    arn = ceremony.read()[0].arn
    ceremony.make("eu-west-1").replicate_key(KeyId=arn, ReplicaRegion="eu-central-1")


def test_the_first_import_enables_the_key(ceremony_of: MakeCeremony) -> None:
    ceremony = ceremony_of("globex")
    assert states(ceremony.read()) == [("eu-west-1", "PendingImport", [])]
    assert states(bring(ceremony, {})) == [("eu-west-1", "Enabled", [("CURRENT", True)])]


def test_new_material_waits_until_it_is_rotated_to_and_the_old_goes_on_opening(ceremony_of: MakeCeremony) -> None:
    ceremony, vault = ceremony_of("globex"), Materials()
    bring(ceremony, vault)
    kms = ceremony.make("eu-west-1")
    old = kms.encrypt(KeyId="alias/tenant-globex", Plaintext=b"old")["CiphertextBlob"]
    pending = bring(ceremony, vault, "new")
    assert states(pending) == [("eu-west-1", "Enabled", [("CURRENT", True), ("PENDING_ROTATION", True)])]
    with pytest.raises(ByokError, match="pending already, and KMS takes one at a time"):
        byok.start(ceremony, "new", say=quiet)
    rotated = byok.rotate(ceremony, say=quiet)
    assert states(rotated) == [("eu-west-1", "Enabled", [("NON_CURRENT", True), ("CURRENT", True)])]
    assert kms.decrypt(CiphertextBlob=old, KeyId="alias/tenant-globex")["Plaintext"] == b"old"
    assert len(vault) == 2


def test_a_key_in_two_regions_rotates_only_once_both_have_the_new_material(ceremony_of: MakeCeremony) -> None:
    ceremony, vault = ceremony_of("umbrella"), Materials()
    bring(ceremony, vault)
    replicate(ceremony)
    assert states(ceremony.read())[1] == ("eu-central-1", "PendingImport", [("CURRENT", False)])
    assert [state for _, state, _ in states(bring(ceremony, vault))] == ["Enabled", "Enabled"]

    parameters = byok.start(ceremony, "new", say=quiet)
    vault[parameters["slots"][0]["label"]] = b"n" * 32
    wrapped = wrap.wrap(parameters, vault)
    only_primary = {**wrapped, "slots": wrapped["slots"][:1]}
    half = byok.import_material(ceremony, only_primary, expires=None, say=quiet)
    assert half[0].materials[-1].state == "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
    with pytest.raises(ByokError, match="eu-central-1 lack"):
        byok.rotate(ceremony, say=quiet)
    both = byok.import_material(ceremony, wrapped, expires=None, say=quiet)
    assert [key.materials[-1].state for key in both] == ["PENDING_ROTATION", "PENDING_ROTATION"]
    rotated = byok.rotate(ceremony, say=quiet)
    assert [key.materials[-1].state for key in rotated] == ["CURRENT", "CURRENT"]
    sealed = ceremony.make("eu-west-1").encrypt(KeyId=rotated[0].arn, Plaintext=b"x")["CiphertextBlob"]
    assert ceremony.make("eu-central-1").decrypt(KeyId=rotated[1].arn, CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_other_bytes_in_the_second_region_are_refused_with_the_way_out(ceremony_of: MakeCeremony) -> None:
    ceremony, vault = ceremony_of("umbrella"), Materials()
    bring(ceremony, vault)
    replicate(ceremony)
    with pytest.raises(ByokError, match=r"IncorrectKeyMaterialException.*wrap the material of the same label"):
        bring(ceremony, dict.fromkeys(vault, b"?" * 32))
    assert ceremony.read()[1].state == "PendingImport"


def test_revocation_stops_both_regions_and_the_same_bytes_bring_them_back(ceremony_of: MakeCeremony) -> None:
    ceremony, vault = ceremony_of("umbrella"), Materials()
    bring(ceremony, vault)
    replicate(ceremony)
    bring(ceremony, vault)
    sealed = ceremony.make("eu-west-1").encrypt(KeyId="alias/tenant-umbrella", Plaintext=b"x")["CiphertextBlob"]
    gone = byok.revoke(ceremony, "current", say=quiet)
    assert [key.state for key in gone] == ["PendingImport", "PendingImport"]
    back = bring(ceremony, vault)
    assert [key.state for key in back] == ["Enabled", "Enabled"]
    kms = ceremony.make("eu-west-1")
    assert kms.decrypt(KeyId="alias/tenant-umbrella", CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_every_material_can_be_withdrawn_and_each_is_needed_to_come_back(ceremony_of: MakeCeremony) -> None:
    ceremony, vault = ceremony_of("globex"), Materials()
    bring(ceremony, vault)
    bring(ceremony, vault, "new")
    byok.rotate(ceremony, say=quiet)
    gone = byok.revoke(ceremony, "every", say=quiet)
    assert states(gone) == [("eu-west-1", "PendingImport", [("NON_CURRENT", False), ("CURRENT", False)])]
    parameters = byok.start(ceremony, "missing", say=quiet)
    assert {slot["label"] for slot in parameters["slots"]} == set(vault)
    with pytest.raises(wrap.WrapError, match="needs the material byok-"):
        wrap.wrap(parameters, dict(list(vault.items())[:1]))
    assert bring(ceremony, vault)[0].state == "Enabled"


def test_pending_material_is_dropped_in_every_region_and_nothing_else_stops(ceremony_of: MakeCeremony) -> None:
    ceremony, vault = ceremony_of("umbrella"), Materials()
    bring(ceremony, vault)
    replicate(ceremony)
    bring(ceremony, vault)
    bring(ceremony, vault, "new")
    kept = byok.revoke(ceremony, "pending", say=quiet)
    assert states(kept) == [
        ("eu-west-1", "Enabled", [("CURRENT", True)]),
        ("eu-central-1", "Enabled", [("CURRENT", True)]),
    ]


def test_dated_material_needs_a_date_and_is_renewed_before_it_expires(ceremony_of: MakeCeremony, aws: LocalAws) -> None:
    ceremony, vault, now = ceremony_of("soylent"), Materials(), datetime.now(UTC)
    with pytest.raises(ByokError, match="demands a date"):
        bring(ceremony, vault)
    with pytest.raises(ByokError, match="in the past"):
        bring(ceremony, vault, expires=now - timedelta(days=1))
    first = bring(ceremony, vault, expires=(now + timedelta(days=30)).replace(microsecond=0))
    assert first[0].state == "Enabled"
    bring(ceremony, vault, "renew", expires=(now + timedelta(days=60)).replace(microsecond=0))
    aws.advance(31)
    assert ceremony.read()[0].state == "Enabled"
    aws.advance(30)
    assert states(ceremony.read()) == [("eu-west-1", "PendingImport", [("CURRENT", False)])]


def test_undated_material_takes_no_date(ceremony_of: MakeCeremony) -> None:
    with pytest.raises(ByokError, match="refuses a date"):
        bring(ceremony_of("globex"), {}, expires=datetime.now(UTC) + timedelta(days=9))


def test_a_suspended_key_whose_material_goes_comes_back_enabled(ceremony_of: MakeCeremony) -> None:
    """The key's own state does not keep a suspension: the policy's explicit deny must (AWS KMS guide, key-state)."""
    ceremony, vault = ceremony_of("globex"), Materials()
    bring(ceremony, vault)
    ceremony.make("eu-west-1").disable_key(KeyId=ceremony.read()[0].arn)
    byok.revoke(ceremony, "current", say=quiet)
    assert bring(ceremony, vault)[0].state == "Enabled"


def test_a_key_that_kms_made_takes_no_part(ceremony_of: MakeCeremony) -> None:
    with pytest.raises(NotImported, match="AWS KMS makes this key's material"):
        ceremony_of("acme").read()


def test_an_answer_of_another_tenant_or_key_is_not_imported(ceremony_of: MakeCeremony) -> None:
    globex, umbrella, vault = ceremony_of("globex"), ceremony_of("umbrella"), Materials()
    parameters = byok.start(umbrella, "missing", say=quiet)
    vault[parameters["slots"][0]["label"]] = b"u" * 32
    wrapped = wrap.wrap(parameters, vault)
    with pytest.raises(ByokError, match="of tenant umbrella, not globex"):
        byok.import_material(globex, wrapped, expires=None, say=quiet)
    with pytest.raises(ByokError, match="not a key of tenant globex"):
        byok.import_material(globex, {**wrapped, "tenant": "globex"}, expires=None, say=quiet)
    assert globex.read()[0].state == "PendingImport"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token": "AAAA"}, "InvalidImportTokenException"),
        ({"wrapped": "AAAA"}, "InvalidCiphertextException"),
    ],
)
def test_what_kms_refuses_comes_with_its_way_out(
    ceremony_of: MakeCeremony, change: Mapping[str, str], code: str
) -> None:
    ceremony = ceremony_of("globex")
    parameters = byok.start(ceremony, "missing", say=quiet)
    wrapped = wrap.wrap(parameters, {"": b"m" * 32})
    broken = {**wrapped, "slots": [{**slot, **change} for slot in wrapped["slots"]]}
    with pytest.raises(ByokError, match=f"{code}: .*; .*`tenant-keys byok start` and wrap again"):
        byok.import_material(ceremony, broken, expires=None, say=quiet)


def test_a_token_older_than_a_day_is_refused(ceremony_of: MakeCeremony, aws: LocalAws) -> None:
    ceremony = ceremony_of("globex")
    parameters = byok.start(ceremony, "missing", say=quiet)
    aws.advance(1.1)
    with pytest.raises(ByokError, match=r"ExpiredImportTokenException.*24 hours"):
        byok.import_material(ceremony, wrap.wrap(parameters, {"": b"m" * 32}), expires=None, say=quiet)


class Cut(BaseException):
    """The power goes, just after AWS has done what a call asked for."""


CHANGING = (
    "get_parameters_for_import",
    "import_key_material",
    "rotate_key_on_demand",
    "delete_imported_key_material",
)
"""Calls after which something is different; a cut after any other is a cut before the next of these."""


class Cutting:
    """A KMS client that lets some calls through and dies after the next."""

    def __init__(self, client: Any, left: Iterator[int]) -> None:
        self._client, self._left = client, left

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if name not in CHANGING:
            return attribute

        def call(**arguments: Any) -> Any:
            answer = attribute(**arguments)
            if next(self._left) == 0:
                raise Cut
            return answer

        return call


def whole_life(ceremony: Ceremony, vault: Materials, step: int) -> int:
    """From empty to rotated, withdrawn and back; each step does nothing where it is done already. Returns the next."""
    keys = ceremony.read()
    if step == 0:
        if any(key.missing or not key.materials for key in keys):
            bring(ceremony, vault)
    elif step == 1:
        if len(keys[0].materials) == 1:
            bring(ceremony, vault, "new")
        elif any(key.pending is None for key in keys) and keys[0].pending:
            bring(ceremony, vault)
    elif step == 2:
        if keys[0].pending:
            byok.rotate(ceremony, say=quiet)
    elif step == 3:
        byok.revoke(ceremony, "every", say=quiet)
    elif any(key.missing for key in keys):
        bring(ceremony, vault)
    return step + 1


@pytest.mark.parametrize("tenant", ["globex", pytest.param("umbrella", marks=pytest.mark.exhaustive)])
def test_a_ceremony_cut_after_any_call_is_finished_by_the_same_commands(
    tenant: str, ceremony_of: MakeCeremony, aws: LocalAws
) -> None:
    """Cut after the first change, after the second, and so on, until nothing is left to cut."""
    cuts = 0
    for allowed in range(100):
        aws.reset()
        whole = ceremony_of(tenant)
        if tenant == "umbrella":
            bring(whole, vault := Materials())
            replicate(whole)
        else:
            vault = Materials()
        left = iter(range(allowed, -10_000, -1))
        cutting = Ceremony(whole.tenant, whole.estate, lambda region: cast("Any", Cutting(whole.make(region), left)))  # noqa: B023
        step, cut = 0, False
        while step < 5:
            try:
                step = whole_life(whole if cut else cutting, vault, step)
            except Cut:
                cut = True
        keys = whole.read()
        assert [key.state for key in keys] == ["Enabled"] * len(keys), allowed
        assert [[(each.state, each.imported) for each in key.materials] for key in keys] == [
            [("NON_CURRENT", True), ("CURRENT", True)]
        ] * len(keys), allowed
        cuts += cut
        if not cut:
            break
    assert cuts == {"globex": 11, "umbrella": 19}[tenant], "every call that changes something was the last one once"


def test_material_that_expires_leaves_an_event_of_kms_itself(ceremony_of: MakeCeremony, aws: LocalAws) -> None:
    ceremony, soon = ceremony_of("soylent"), datetime.now(UTC) + timedelta(days=30)
    (key,) = bring(ceremony, {}, expires=soon.replace(microsecond=0))
    aws.advance(31)
    found = (
        aws.session()
        .client("cloudtrail")
        .lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "DeleteExpiredKeyMaterial"}])[
            "Events"
        ]
    )
    records = [json.loads(event["CloudTrailEvent"]) for event in found]
    assert [(one["eventType"], one["serviceEventDetails"]) for one in records] == [
        ("AwsServiceEvent", {"keyId": key.arn.rpartition("/")[2], "keyMaterialId": key.materials[0].id})
    ]
