"""Random histories of a manifest and its lock, on two branches that merge: where a key lives never changes.

Cells are tiny here (3 tenants when filling, 4 at most), so that a short history reaches their limits.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from tenant_keys.manifest import LockError, Manifest, resolve
from tenant_keys.manifest.base import check_against_base
from tenant_keys.manifest.compare import occupancy
from tenant_keys.manifest.consistency import inconsistencies
from tenant_keys.manifest.lock import Capacity, Entry, Lock, entry_line, header_line, render_lock
from tenant_keys.manifest.lock_text import parse_lines, parse_lock
from tenant_keys.manifest.merge_lines import merge_lines
from tenant_keys.manifest.update import record_key_ids, update
from tests.premise import met, met_at_least
from tests.sampled import examples

IDS = [f"t{number}" for number in range(30)]
REGIONS = ["eu-west-1", "eu-central-1", "eu-north-1"]
STATES = ["active", "suspended", "offboarding", "offboarded"]
MODES = ["tenant-role", "session-tag"]

Document = dict[str, Any]
Creation = tuple[int, str, str, bool]


def first_document() -> Document:
    return {
        "central": {
            "account": "111111111111",
            "home_region": "eu-west-1",
            "regions": ("eu-west-1", "eu-central-1"),
            "administrators": ("role/A",),
            "break_glass": "role/B",
        },
        "workloads": {
            name: {"account": "222222222222", "runs_on": "lambda", "access": "tenant-role"}
            for name in ("orders", "bills")
        },
        "defaults": {"workloads": ("orders",), "key": {"multi_region": False}},
        "tenants": {"t0": {}},
    }


@dataclass
class Branch:
    """A line of commits: the files as they stand, and what was ever true of a key."""

    document: Document
    lock: Lock
    creations: dict[str, Creation] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def fork(self) -> Self:
        return deepcopy(self)

    def propose(self, document: Document, lock: Lock | None = None) -> bool:
        """Commits an edit if the tool takes it; nothing changes otherwise."""
        manifest = msgspec.convert(document, Manifest)
        if inconsistencies(manifest):
            return False
        try:
            after, _ = update(manifest, lock or self.lock)
        except LockError:
            return False
        contradictions = check_against_base(self.lock, after)
        if contradictions:
            # What only CI can see: a branch that let a tenant go in a single step, one of the base or one of its own.
            assert lock is not None
            reported = ("it was not yet offboarding", "the merge base does not know it")
            assert all(any(part in problem.message for part in reported) for problem in contradictions)
            return False
        self.document, self.lock = document, after
        self.verify(manifest)
        return True

    def verify(self, manifest: Manifest) -> None:
        assert parse_lock(render_lock(self.lock)) == self.lock
        assert update(manifest, self.lock) == (self.lock, [])
        for tenant, creation in self.creations.items():
            assert creation_of(self.lock.entries[tenant]) == creation
        self.creations = {tenant: creation_of(entry) for tenant, entry in self.lock.entries.items()}
        for now in resolve(manifest, self.lock).tenants.values():
            assert (now.cell, now.primary_region, now.origin, now.multi_region) == self.creations[now.id]
            assert now.id not in self.gone
            assert set(now.role_cells) == {w.name for w in now.workloads if w.access == "tenant-role"}
        self.gone |= {tenant for tenant, entry in self.lock.entries.items() if entry.phase == "offboarded"}
        keys, roles = occupancy(self.lock)
        assert all(held <= self.lock.keys.most for held in keys.values())
        assert all(held <= self.lock.roles.most for held in roles.values())


def creation_of(entry: Entry) -> Creation:
    return entry.cell, entry.primary_region, entry.origin, entry.multi_region


def edit(branch: Branch, what: str, one: int, two: int) -> bool:
    """One edit of the manifest, as a person or a program may make it; whether it was taken."""
    document = deepcopy(branch.document)
    if what in EDITS_OF_ONE:
        names = sorted(document["tenants"])
        EDITS_OF_ONE[what](document["tenants"], names[one % len(names)], two)
    elif what == "return":
        document["tenants"].update({name: {} for name in sorted(branch.gone)[:1]})
    elif what == "record":
        fresh = [n for n, entry in branch.lock.entries.items() if entry.multi_region and entry.key_id is None]
        return branch.propose(document, record_key_ids(branch.lock, {n: f"mrk-{IDS.index(n):032x}" for n in fresh}))
    else:
        EDITS_OF_ALL[what](document, one, two)
    return branch.propose(document)


def add(document: Document, one: int, two: int) -> None:
    keys: list[Document] = [{}, {"region": REGIONS[two % 3]}, {"multi_region": True}, {"origin": "imported"}]
    for number in range(one, one + two):
        name, key = IDS[number % len(IDS)], dict(keys[(one + two) % 4])
        if key.get("origin") == "imported":
            key["import_role"] = f"role/{name}-import"
        document["tenants"].setdefault(name, {"key": key})


def reorder(document: Document, one: int, two: int) -> None:
    document["tenants"] = dict(sorted(document["tenants"].items(), key=lambda item: hash((item[0], one, two))))


def defaults(document: Document, one: int, two: int) -> None:
    key = {"multi_region": bool(one % 2), "origin": "aws-kms" if one % 3 else "imported"}
    document["defaults"] = {"workloads": USES[two % 4], "key": key, "rotation_days": (365, 180, "off")[(one + two) % 3]}


def regions(document: Document, one: int, two: int) -> None:
    shift = one % 3
    document["central"]["regions"] = tuple((REGIONS[shift:] + REGIONS[:shift])[: 2 + two % 2])


def access(document: Document, one: int, two: int) -> None:
    document["workloads"][("orders", "bills")[one % 2]]["access"] = MODES[two % 2]


def state(tenants: Document, name: str, two: int) -> None:
    tenants[name]["state"] = STATES[two % 4]


def advance(tenants: Document, name: str, _: int) -> None:
    """One step on the way out, the last of which is to be taken out of the manifest."""
    now = STATES.index(tenants[name].get("state", "active"))
    if now == len(STATES) - 1:
        del tenants[name]
    else:
        tenants[name]["state"] = STATES[now + 1]


def remove(tenants: Document, name: str, _: int) -> None:
    del tenants[name]


def use(tenants: Document, name: str, two: int) -> None:
    tenants[name]["workloads"] = USES[two % 4]


def rewrite_creation(tenants: Document, name: str, two: int) -> None:
    tenants[name]["key"] = {"region": REGIONS[two % 3], "multi_region": bool(two % 2)}


USES = (("orders",), ("bills",), ("bills", "orders"), ())
EDITS_OF_ONE = {"state": state, "advance": advance, "remove": remove, "use": use, "rewrite creation": rewrite_creation}
EDITS_OF_ALL = {"add": add, "reorder": reorder, "defaults": defaults, "regions": regions, "access": access}


def merge(main: Branch, other: Branch, base: Branch, stale: int) -> bool:
    """Merges `other` into `main`: fields as people resolve them, lock lines as git's union does."""
    document: Document = deepcopy(main.document)
    for part in ("central", "workloads", "defaults"):
        if main.document[part] == base.document[part]:
            document[part] = deepcopy(other.document[part])
    for tenant in [*other.document["tenants"], *base.document["tenants"]]:
        before, theirs = base.document["tenants"].get(tenant), other.document["tenants"].get(tenant)
        if main.document["tenants"].get(tenant) == before:
            document["tenants"].pop(tenant, None)
            if theirs is not None:
                document["tenants"][tenant] = deepcopy(theirs)
    lines = [header_line(main.lock)]
    for tenant in sorted({*main.lock.entries, *other.lock.entries}, key=lambda name: hash((name, stale))):
        sides = [side.lock.entries.get(tenant) for side in (main, other)]
        before_entry = base.lock.entries.get(tenant)
        changed = [entry for entry in sides if entry is not None and entry != before_entry]
        # Where both sides touched a hunk, union also keeps what only one of them changed as it was.
        kept = changed if changed and stale % 2 else [*changed, *(entry for entry in sides if entry == before_entry)]
        lines += [entry_line(entry) for entry in kept or sides if entry is not None]
    event("merge with two truths" if len({*lines}) < len(lines) else "merge")
    try:
        folded, _ = merge_lines(parse_lines("\n".join(lines)), main.lock, msgspec.convert(document, Manifest))
    except LockError:
        return False
    return main.propose(document, folded)


EDITS = [*EDITS_OF_ALL, *EDITS_OF_ONE, "return", "record", "add", "add", "advance", "advance", "advance"]
STEP = st.tuples(st.sampled_from([*EDITS, "fork", "merge"]), st.integers(0, 29), st.integers(0, 7), st.booleans())


STEPS = st.lists(STEP, min_size=15, max_size=45)
START = Lock("111111111111", "eu-west-1", {}, Capacity(3, 4), Capacity(4, 5))


def play(steps: list[tuple[str, int, int, bool]], main: Branch) -> None:
    """A history on two branches that merge."""
    assert main.propose(first_document())
    base, other, kinds = main, None, set[str]()
    for what, one, two, on_other in steps:
        if what == "fork":
            base, other = main.fork(), main.fork()
        elif what == "merge":
            if other is not None:
                merged = merge(main, other, base, two)
                event(f"merged: {merged}, left in branch: {bool(other.gone)}")
                kinds.add("merged" if merged else "merge refused")
            other = None
        else:
            taken = edit(other if other is not None and on_other else main, what, one, two)
            kinds.add("edit taken" if taken else "edit refused")
    for kind in kinds:
        met(kind.replace(" ", "_"))
    if main.gone:
        met("left_for_ever")
    event("tenants", len(main.lock.entries))
    event("left for ever", len(main.gone))
    event("key cells", len(occupancy(main.lock)[0]))


HISTORIES = met_at_least(merged=60, edit_taken=200, edit_refused=150, left_for_ever=60)
"""What happens in so many of the histories of a run."""


@HISTORIES
@examples(300)
@given(STEPS)
def test_no_history_moves_a_key_or_gives_an_id_out_twice(steps: list[tuple[str, int, int, bool]]) -> None:
    play(steps, Branch({}, START))
