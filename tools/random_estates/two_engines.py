"""The proof and the second opinion side by side, and what they disagree about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Stacks
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.proof.equivalence import tenant_classes
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.issuance import prove_issuance
from tenant_keys.review.proof.key_access import prove_key_access
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.proof.world import World, build_world
from tenant_keys.review.second_opinion import Answered, Breach, Opinion, second_opinion
from tools.random_estates.grammar import declared, random_estates

EXCESS: Final = frozenset(
    {Kind.OTHER_TENANT, Kind.OUTSIDER, Kind.ADMINISTRATION, Kind.MORE_THAN_DECLARED, Kind.OBTAINS_SESSION}
    | {Kind.GUARDRAIL}
)
"""What both engines look for: requests that are allowed and not declared."""
_LOOSE: Final = ("aws:userid", "aws:principalorgpaths")
PROVED, REFUTED, NOT_PROVED = "proved", "refuted", "not proved"
NOTHING, FOUND, NOT_GIVEN, UNDECIDED = "nothing found", "refuted", "not given", "undecided by the evaluator"


@dataclass(frozen=True)
class Comparison:
    """What both say of the requests on keys, or of the sessions, of one estate."""

    about: str
    """`key` or `session`."""
    proof: str
    findings: tuple[str, ...]
    opinion: str
    breaches: tuple[Breach, ...]
    loose: bool = False
    """Whether a document asks for a key of which the proof tries every value with every principal, so that it may name
    a principal that cannot exist (review/proof/condition_keys: `aws:userid`, `aws:PrincipalOrgPaths`)."""

    @property
    def disagreement(self) -> str | None:
        """What is wrong, if anything: a hole in either engine, or a request that the evaluator decides otherwise."""
        if any(one.replay.outcome == "denied" for one in self.breaches):
            return "the evaluator denies what the second engine finds"
        if self.proof == PROVED and self.opinion == FOUND:
            return "a hole in the proof"
        if self.proof == REFUTED and self.opinion == NOTHING and not self.loose:
            return "a hole in the second engine"
        return None


def compare(source: Stacks, estate: Estate, answered: Answered | None = None) -> tuple[list[Comparison], Opinion]:
    """Ask both engines of one estate. `answered`: what the second knows of others of the same manifest."""
    opinion = second_opinion(source, estate, answered=answered)
    found = []
    loose = any(key in str(stack.resources).lower() for stack in source.stacks() for key in _LOOSE)
    world = _world(source, estate)
    for about, prove in (("key", _on_keys), ("session", _for_sessions)):
        verdict, findings = _first_engine(world, prove)
        breaches = tuple(one for one in opinion.breaches if one.kind == about)
        found.append(Comparison(about, verdict, findings, _second(opinion, breaches), breaches, loose))
    return found, opinion


def _second(opinion: Opinion, breaches: tuple[Breach, ...]) -> str:
    if any(one.replay.outcome == "allowed" for one in breaches):
        return FOUND
    if opinion.not_understood or opinion.unanswered:
        return NOT_GIVEN
    return UNDECIDED if breaches else NOTHING


def _world(source: Stacks, estate: Estate) -> World | str:
    """What the first engine asks about, or why it proves nothing."""
    promised = promises(estate)
    try:
        inventory = take_inventory(source, promised)
        return build_world(estate, inventory, promised, tenant_classes(inventory, promised))
    except (NotProved, UnsupportedPolicy, ReviewError) as problem:
        return str(problem)


def _first_engine(world: World | str, prove: Callable[[World], list[Finding]]) -> tuple[str, tuple[str, ...]]:
    if isinstance(world, str):
        return NOT_PROVED, (world,)
    try:
        findings = prove(world)
    except (NotProved, UnsupportedPolicy, ReviewError) as problem:
        return NOT_PROVED, (str(problem),)
    if any(one.kind is Kind.NOT_PROVED for one in findings):
        return NOT_PROVED, tuple(one.what for one in findings)
    excess = tuple(one.what for one in findings if one.kind in EXCESS)
    return (REFUTED if excess else PROVED), excess


def _on_keys(world: World) -> list[Finding]:
    return prove_key_access(world, excess_only=True).findings


def _for_sessions(world: World) -> list[Finding]:
    return prove_issuance(world).findings


@dataclass
class Score:
    """What many estates came to."""

    verdicts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By what is asked about, the proof's verdict and the second opinion."""
    disagreements: list[tuple[int, Comparison]] = field(default_factory=list)
    """With the seed."""
    impossible: int = 0
    """Estates that the proof refutes by a principal that may not exist, and the second engine does not."""
    estates: int = 0
    questions: int = 0
    unanswered: int = 0
    """Questions at which the solver ran out of its budget."""
    not_understood: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)

    @property
    def uncovered(self) -> list[str]:
        """What the grammar can draw and never drew."""
        return sorted(declared() - self.drawn.keys())

    def covered(self) -> dict[str, list[str]]:
        """What was drawn, by kind: operators, qualifiers, keys, variables, principals, elements."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.drawn):
            found.setdefault(name.partition(":")[0], []).append(name)
        return found

    def uncovered_of(self, kind: str) -> list[str]:
        """What was never drawn of a kind."""
        return [name for name in self.uncovered if name.startswith(f"{kind}:")]

    def add(self, other: Score) -> None:
        """Take in another part."""
        self.verdicts.update(other.verdicts)
        self.disagreements += other.disagreements
        self.estates += other.estates
        self.impossible += other.impossible
        self.questions += other.questions
        self.unanswered += other.unanswered
        self.not_understood.update(other.not_understood)
        self.drawn.update(other.drawn)


Known: TypeAlias = defaultdict[int, Answered]
"""What the second engine knows of the estates of each manifest, by the identity of the manifest's estate."""


def score(seeds: Iterable[int], known: Known | None = None) -> Score:
    """Compare both engines on an estate for each seed. `known`: of other seeds; what these tell is added."""
    found = Score()
    answered: Known = defaultdict(dict) if known is None else known
    for seed, estate, templates in random_estates(seeds, found.drawn):
        comparisons, opinion = compare(templates, estate, answered[id(estate)])
        found.estates += 1
        found.questions += opinion.questions
        found.unanswered += len(opinion.unanswered)
        found.not_understood.update(opinion.not_understood)
        for one in comparisons:
            found.verdicts[one.about, one.proof, one.opinion] += 1
            found.impossible += one.loose and (one.proof, one.opinion) == (REFUTED, NOTHING)
            if one.disagreement:
                found.disagreements.append((seed, one))
    return found
