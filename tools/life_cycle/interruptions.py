"""Cuts the end of a key after every call to AWS, one call at a time, and goes on with the same commands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tenant_keys.operations.offboarding.certificate import certify, possible_arns
from tenant_keys.operations.offboarding.deletion import cancel, schedule, shred
from tenant_keys.operations.offboarding.departing import Departing
from tenant_keys.operations.offboarding.events import look_up
from tenant_keys.operations.offboarding.evidence import read_evidence, write_evidence
from tenant_keys.operations.offboarding.keys import PENDING, ClientOf, locate
from tools.life_cycle.leaving_tenants import ADMIN, BREAK_GLASS, CENTRAL, OTHER_REGION, REGION, Leaving, quiet

CHANGING: Final = frozenset({"CancelKeyDeletion", "DeleteImportedKeyMaterial", "DisableKey", "ScheduleKeyDeletion"})
"""Calls after which something is different in AWS; a cut after any other is a cut before the next of these."""
WINDOW: Final = 30


class Cut(BaseException):
    """The power goes, just after AWS has done what a call asked for."""


class Power:
    """Counts calls of the clients that it is connected to, and can go off after one of them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._off_after: int | None = None
        self._counted: Collection[str] | None = None

    @contextmanager
    def fails_after(self, number: int | None, counted: Collection[str] | None) -> Iterator[None]:
        """Off after so many of the counted operations, or of all where none are named; None: stays on."""
        self.calls, self._off_after, self._counted = [], number, counted
        try:
            yield
        finally:
            self._off_after = None

    def connect(self, client_of: ClientOf) -> ClientOf:
        """The same clients, each connected once."""
        connected: dict[tuple[str, str], Any] = {}

        def connecting(service: str, region: str) -> Any:
            if (service, region) not in connected:
                client = connected[service, region] = client_of(service, region)
                client.meta.events.register("after-call", self._after_call, unique_id=f"power-{id(self)}")
            return connected[service, region]

        return connecting

    def _after_call(self, model: Any, **_named: Any) -> None:
        if self._counted is None or model.name in self._counted:
            self.calls.append(model.name)
            if self._off_after is not None and len(self.calls) >= self._off_after:
                self._off_after = None
                raise Cut


@dataclass(frozen=True, slots=True)
class Interrupted:
    """One life of a key, cut once."""

    after: str
    """The operation that was the last one, or nothing where nothing was cut."""
    states: tuple[str, ...]
    """Of the keys, right after the cut."""
    certified: int
    """Keys in the certificate at the end."""


def departing_of(leaving: Leaving, tenant: str) -> Departing:
    """As lock and manifest name the tenant after the last edit."""
    return Departing(
        tenant=tenant,
        id_in_aws=tenant,
        phase="offboarded",
        account=CENTRAL,
        primary_region=REGION,
        regions=(REGION, OTHER_REGION),
        alias_arn=f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}",
        key_arn=None,
        window_days=WINDOW,
        break_glass=leaving.estate.central.break_glass,
    )


def live_and_cut(
    leaving: Leaving,
    tenant: str,
    power: Power,
    number: int | None,
    counted: Collection[str] | None,
    folder: Path,
    *,
    cancels: bool = True,
) -> Interrupted:
    """One key from its first shredding to its certificate; the same command is repeated after the cut.

    `cancels`: the deletion is cancelled once and scheduled again.
    """
    arns = leaving.create(tenant, "offboarding")
    leaving.aws.advance(31)
    who, path = departing_of(leaving, tenant), folder / f"{arns[REGION].rpartition('/')[2]}.evidence.json"
    importer = (leaving.estate.tenants[tenant].import_role or "").rpartition("/")[2]
    clients = {role: power.connect(leaving.clients_of(role)) for role in {importer or ADMIN, ADMIN, BREAK_GLASS}}
    after, states = "", tuple[str, ...]()

    def certify_it() -> None:
        recorded = read_evidence(path, who)
        located = locate(who, recorded.keys, clients[BREAK_GLASS])
        found = look_up(possible_arns(who, located.gone), clients[BREAK_GLASS])
        complete = recorded.with_found((), found)
        write_evidence(path, complete)
        certificates.append(certify(who, located, complete, evidence_file=path, now=datetime.now(UTC)))

    def cancel_it() -> None:
        """A cancellation that is finished has nothing to cancel, and says so."""
        if any(state in PENDING for state in _states(leaving, arns)):
            cancel(who, read_evidence(path, who), clients[ADMIN], say=quiet)

    certificates: list[dict[str, Any]] = []
    steps: list[Callable[[], None]] = [
        lambda: shred(who, read_evidence(path, who), clients[importer or ADMIN], say=quiet),
        lambda: schedule(who, path, clients[BREAK_GLASS], say=quiet),
        *([cancel_it, lambda: schedule(who, path, clients[BREAK_GLASS], say=quiet)] if cancels else []),
        *(lambda: _pass(leaving) for _ in arns),
        certify_it,
    ]
    with power.fails_after(number, counted):
        for step in steps:
            try:
                step()
            except Cut:
                after, states = power.calls[-1], _states(leaving, arns)
                step()
    return Interrupted(after, states, len(certificates[-1]["keys"]))


def _pass(leaving: Leaving) -> None:
    """A window, and the day that AWS may take longer."""
    leaving.aws.advance(WINDOW + 1)


def _states(leaving: Leaving, arns: dict[str, str]) -> tuple[str, ...]:
    """Asked by clients of their own, whose calls are counted too where they are connected."""
    found = []
    for region in arns:
        client = leaving.client(BREAK_GLASS, "kms", region)
        try:
            found.append(client.describe_key(KeyId=arns[region])["KeyMetadata"]["KeyState"])
        except client.exceptions.NotFoundException:
            found.append("gone")
    return tuple(found)
