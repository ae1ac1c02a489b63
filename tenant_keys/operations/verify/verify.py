"""A run of verify: read the accounts, compare, prove over what was read, and write the record."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tenant_keys.aws_facts.identity_center import is_pattern
from tenant_keys.manifest import Estate, load_estate, load_estates, read_lock
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.manifest.stack_names import holds_primaries, holds_replicas, prefix_of
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.verify.as_stacks import DeployedStacks
from tenant_keys.operations.verify.compare_accounts import AccountComparison
from tenant_keys.operations.verify.compare_bindings import BindingComparison
from tenant_keys.operations.verify.compare_hooks import HookComparison
from tenant_keys.operations.verify.compare_inventory import InventoryComparison
from tenant_keys.operations.verify.compare_keys import KeyComparison
from tenant_keys.operations.verify.compare_roles import Baseline, RoleComparison
from tenant_keys.operations.verify.deployed_state import DeployedState, deployed_state
from tenant_keys.operations.verify.expected import Expected
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.operations.verify.journal import Journal, RecordUnusable, lines_of
from tenant_keys.operations.verify.lanes import Lanes, Progress
from tenant_keys.operations.verify.own_part import own_part
from tenant_keys.operations.verify.pace import SHARE
from tenant_keys.operations.verify.reading import Scope, read
from tenant_keys.operations.verify.sessions import ClientOf, Sessions
from tenant_keys.operations.verify.template_digest import digest_of_artifact
from tenant_keys.review.assembly import Assembly, StackArtifact
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import Kind, Proof, prove
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate

EXPIRING_WITHIN: Final = timedelta(days=30)
_HOLES: Final = frozenset(
    (Kind.OTHER_TENANT, Kind.OUTSIDER, Kind.OBTAINS_SESSION, Kind.ADMINISTRATION, Kind.MORE_THAN_DECLARED)
)
"""What is let through, whatever else an account holds."""


class NoSuchStack(OperationError):
    """Raised when a stack whose keys are to be looked at is not in the assembly, or holds no tenants' keys."""


class NoReader(OperationError):
    """Raised when neither the manifest nor the command names a role that may read the keys."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made."""

    record: Path
    role: str | None = None
    """`role/NAME`, the same in every account; the first of `central.readers` where it is left out."""
    stacks: tuple[str, ...] = ()
    """Key stacks whose keys are looked at, and nothing else; the whole estate where it is empty."""
    resume: bool = False
    since: Path | None = None
    """The record of an earlier run."""
    share: float = SHARE
    last_usage: bool = False
    expiring_within: timedelta = EXPIRING_WITHIN


@dataclass(frozen=True, slots=True)
class Verification:
    """What a run found."""

    findings: tuple[DriftFinding, ...]
    proof: Proof
    """Over what was read from the accounts."""
    new: frozenset[str] | None
    """Ids of findings that the earlier record does not have; None without one."""
    gone: tuple[str, ...]
    """Ids of findings that the earlier record has and this run does not."""
    keys: int
    calls: Mapping[str, int]
    resumed: int
    """Pages that an interrupted run had read."""
    seconds: float

    @property
    def clean(self) -> bool:
        """Whether nothing was found and the claim holds for what was read."""
        return not self.findings and self.proof.proved

    def as_document(self) -> dict[str, Any]:
        """JSON types, but for the proof."""
        return {
            "findings": [
                one.as_document() | ({} if self.new is None else {"new": one.id in self.new}) for one in self.findings
            ],
            "gone": list(self.gone),
            "keys": self.keys,
            "calls": dict(sorted(self.calls.items())),
            "resumed": self.resumed,
            "seconds": round(self.seconds, 2),
        }


def verify(
    manifest: Path,
    assembly: Path,
    options: Options,
    *,
    client_of: ClientOf | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> Verification:
    """Compare an estate's accounts with the assembly that was deployed, by calls that only read.

    Args:
        manifest: `tenants.yaml`; its lock is beside it.
        assembly: the cloud assembly that was deployed.
        options: how.
        client_of: makes clients; by default of the reading role of each account, assumed with the environment's
            credentials.
        progress: is called after each call.
        now: the time by which expiry and rotation are judged.

    Raises:
        EstateError: manifest and lock do not match.
        ReviewError: the assembly cannot be read.
        NoReader: no role that may read is named.
        NoSuchStack: a stack that is to be looked at is not in the assembly, or holds no tenants' keys.
        RecordUnusable: the record to resume, or to compare with, is none of this estate.
        NoCredentialsError: the environment holds no credentials; no record is written.
        KeyboardInterrupt: interrupted; `resume` goes on with what was read.
    """
    started, moment = time.monotonic(), now or datetime.now(UTC)
    estate, lock_file = estate_of(manifest, options.stacks), manifest.with_suffix(".lock")
    lock = read_lock(lock_file) if lock_file.exists() else None
    reviewed = review_estate(assembly, estate)
    role = options.role or reader_of(estate)
    before = _earlier(options.since, estate, options.stacks)
    artifacts = _looked_at(reviewed, options.stacks)
    digests = {(one.account, one.region, one.name): digest_of_artifact(one) for one in artifacts}
    scope = Scope(estate, artifacts, digests, options.last_usage, keys_alone=bool(options.stacks))
    client_of = client_of or Sessions(role, estate.central.partition)
    journal = Journal(options.record, _identity(scope), moment, resume=options.resume)
    resumed = journal.resumed
    lanes = Lanes(client_of, journal, share=options.share, progress=progress)
    try:
        read(lanes, scope, journal.readings)
        with collection_paused():
            state = own_part(deployed_state(scope, journal.readings), estate)
            expected = Expected(reviewed, state, lock)
            roles = RoleComparison(state, expected, before.baseline)
            findings = [
                *InventoryComparison(state, expected).findings(),
                *KeyComparison(state, expected, moment, options.expiring_within).findings(),
                *AccountComparison(state, expected).findings(),
            ]
            if not scope.keys_alone:
                findings += [*roles.findings(), *BindingComparison(state, expected, before.baseline).findings()]
                findings += HookComparison(state, expected).findings()
            proof = _proof(state, expected, estate, assembly)
        findings.sort(key=lambda one: (one.kind, one.id))
        ids = {one.id for one in findings}
        new = None if before.ids is None else frozenset(ids - before.ids)
        result = Verification(
            findings=tuple(findings),
            proof=proof,
            new=new,
            gone=tuple(sorted((before.ids or frozenset()) - ids)),
            keys=len(state.keys),
            calls=lanes.calls,
            resumed=resumed,
            seconds=time.monotonic() - started,
        )
        _conclude(journal, result, roles.baseline(), estate, options.stacks)
    finally:
        journal.close()
    return result


def _looked_at(reviewed: ReviewedEstate, stacks: tuple[str, ...]) -> tuple[StackArtifact, ...]:
    if not stacks:
        return reviewed.artifacts
    of_keys = {one.name: one for one in reviewed.artifacts if holds_primaries(one.name) or holds_replicas(one.name)}
    for name in stacks:
        if name not in of_keys:
            allowed = ", ".join(sorted(of_keys)[:3]) or "none"
            raise NoSuchStack(
                f"--stack: got {name}; the assembly has no stack of tenants' keys of this name, but {allowed}"
            )
    return tuple(of_keys[name] for name in sorted({*stacks}))


def estate_of(manifest: Path, stacks: Sequence[str]) -> Estate:
    """The one estate; of several key accounts, the one that the path names, or whose stacks are named.

    Raises:
        EstateError: manifest and lock cannot be read, or do not match.
    """
    of_stacks = {prefix_of(stack) for stack in stacks}
    holding = [one for one in load_estates(manifest) if of_stacks == {one.naming.stack_prefix}]
    return holding[0] if len(holding) == 1 else load_estate(manifest)


def reader_of(estate: Estate) -> str:
    """The first role of `central.readers`, as `role/NAME`; a permission set is for people. Raises NoReader."""
    for role in estate.central.readers:
        if not is_pattern(role):
            return "role/" + role.partition(":role/")[2]
    raise NoReader("central.readers: names no role; name one that only reads, deploy, or give --role role/NAME")


def _identity(scope: Scope) -> str:
    """The account and the templates: readings of another estate, or planned for another assembly, are not mixed in."""
    return hashlib.sha256(json.dumps([scope.central, sorted(scope.digests.items())]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Earlier:
    ids: frozenset[str] | None
    baseline: Baseline


def _earlier(record: Path | None, estate: Estate, stacks: tuple[str, ...]) -> _Earlier:
    if record is None:
        return _Earlier(None, Baseline())
    lines = list(lines_of(record, "baseline"))
    if len(lines) != 1:
        raise RecordUnusable(f"{record}: got {len(lines)} lines of type baseline; expected 1; leave the file out")
    if lines[0]["account"] != estate.central.account:
        raise RecordUnusable(f"{record}: the record of another key account; expected {estate.central.account}")
    if sorted(lines[0]["stacks"]) != sorted(stacks):
        reported = ", ".join(lines[0]["stacks"]) or "the whole estate"
        raise RecordUnusable(f"{record}: the record of a run over {reported}; compare with one over the same")
    ids = frozenset(line["id"] for line in lines_of(record, "finding"))
    return _Earlier(ids, Baseline(lines[0]["roles"], lines[0]["thumbprints"]))


def _conclude(
    journal: Journal, result: Verification, baseline: Baseline, estate: Estate, stacks: tuple[str, ...]
) -> None:
    for one in result.findings:
        journal.write({"type": "finding", **one.as_document()})
    journal.write(
        {
            "type": "baseline",
            "account": estate.central.account,
            "stacks": sorted(stacks),
            "roles": dict(baseline.roles),
            "thumbprints": dict(baseline.thumbprints),
        }
    )
    ended = {"verdict": result.proof.verdict, "findings": len(result.findings), "seconds": round(result.seconds, 2)}
    journal.write({"type": "end", **ended})
    journal.finish()


def _proof(state: DeployedState, expected: Expected, estate: Estate, assembly: Path) -> Proof:
    """The proof that `tenant-keys prove` makes, over what the accounts hold.

    Grants, shares by AWS RAM and whatever was not read are no part of what it decides: each makes it "not proved".
    """
    try:
        deployed = review_estate(DeployedStacks(state, expected, Assembly.open(assembly)), estate)
    except (ReviewError, ValueError) as problem:
        return prove(_NotUnderstood(str(problem)), estate)
    for place in expected.belonging():
        key = state.keys.get(place)
        if key is None:
            continue
        arn = key.metadata.get("Arn", key.id)
        if not key.known:
            deployed.inventory.unmodelled.append(f"{arn}: the key could not be read")
        if key.shared is not None:
            deployed.inventory.unmodelled.append(f"{arn}: the key policy of AWS RAM")
        deployed.inventory.unmodelled += [f"{arn}: grant {grant['GrantId']}" for grant in key.grants]
    read = {str(key.metadata.get("Arn")) for key in state.keys.values()}
    deployed.inventory.unmodelled += [
        f"{arn}: a replica in a Region that the manifest does not name"
        for _, arn in expected.undeclared_replicas()
        if arn not in read
    ]
    deployed.inventory.unmodelled += [f"{one.ask.api} {one.ask.subject}: not read" for one in state.unknown]
    proof = prove(replace(deployed, artifacts=expected.reviewed.artifacts), estate)
    if state.unknown and not any(one.kind in _HOLES for one in proof.findings):
        # What was not read looks as if it were not there, which refutes nothing.
        return replace(proof, verdict="not proved")
    return proof


@dataclass(frozen=True, slots=True)
class _NotUnderstood:
    """Stacks that raise, so that the proof ends as it does for templates that it does not understand."""

    why: str

    def stacks(self) -> Any:
        """Raises NotProved."""
        raise NotProved(self.why)
