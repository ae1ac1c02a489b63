"""The proof as a whole: read the templates, try every class of request, say what is proved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Stacks
from tenant_keys.review.errors import AssemblyInconsistent, NotJudged
from tenant_keys.review.iam.errors import InvalidRequest
from tenant_keys.review.proof.deployment import check_deployment
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.guardrails import Guardrail, check_guardrails, guardrails
from tenant_keys.review.proof.held_keys import HeldByTenant, held_by_tenants, held_key_use
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.issuance import prove_issuance
from tenant_keys.review.proof.key_access import Adversary, KeyAccess, prove_key_access
from tenant_keys.review.proof.key_actions import is_cryptographic
from tenant_keys.review.proof.obtained_sessions import Issuance, Step
from tenant_keys.review.proof.protected_stacks import check_stacks
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tenant_keys.review.proof.safeguards import Safeguard, safeguards
from tenant_keys.review.proof.structure import check_structure
from tenant_keys.review.proof.trusted import Trusted, trusted
from tenant_keys.review.proof.world import Edit, World, build_world, keep

CLAIM = (
    "in every state reachable without an action by a trusted principal, no session of tenant A is "
    "authorized for any KMS action on tenant B's key"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdict and what it rests on."""

    verdict: str
    """"proved", "refuted" or "not proved"."""
    findings: tuple[Finding, ...]
    """The worst first; empty exactly when proved."""
    tenants: int
    keys: int
    stacks: int
    classes: int
    """Classes of tenants that no document distinguishes."""
    requests: int
    """Requests decided, each for all of its class."""
    steps: tuple[Step, ...]
    trusted: tuple[Trusted, ...]
    alias_administrators_gain_plaintext: bool
    grants_open_the_key: bool
    """This and the one before are computed where the claim holds, and taken to be so where it does not."""
    safeguards: tuple[Safeguard, ...]
    """Empty where they were not asked for."""
    guardrails: tuple[Guardrail, ...]
    """Empty where they were not asked for, or the manifest asks for none."""
    seconds: float
    boundaries: tuple[str, ...] = ()
    """Permissions boundaries that the manifest declares, by ARN. Their documents are in no template: they allow nothing
    more, and what they leave of the declared access is not proved."""
    held: tuple[HeldByTenant, ...] = ()
    """Keys in accounts of tenants, with what is ours to prove of them and what is not."""

    @property
    def proved(self) -> bool:
        """Whether the claim holds."""
        return self.verdict == "proved"


def _disclosed(reviewed: ReviewedEstate) -> Iterator[Finding]:
    """Texts of templates that tell who is behind an opaque name, or may."""
    for (_, _, stack, resource), tenant, name in reviewed.disclosed:
        where = f"{stack} {resource}: {name}"
        if tenant:
            message = f"{where} tells the id in the manifest of tenant {tenant}, whose name is opaque"
            yield Finding(Kind.INVENTORY, message, "remove the id: the workload's parameter alone holds it", tenant)
        else:
            message = f"{where}, and may tell the id of a tenant whose name is opaque"
            yield Finding(Kind.NOT_PROVED, message, "write the value literally, in printable ASCII")


def _crossing(reviewed: ReviewedEstate) -> list[Finding]:
    """Resources of this key account that name another: neither has anything in the other, whatever the other allows."""
    return [
        Finding(
            Kind.INVENTORY,
            f"{one.where}: names {one.account}, the key account {one.key_account}, in the stacks of the key account "
            f"{reviewed.estate.key_account}",
            "remove it: nothing of one key account reaches into another",
        )
        for one in reviewed.crossing
    ]


def prove(source: str | Path | Stacks | ReviewedEstate, estate: Estate, *, with_safeguards: bool = False) -> Proof:
    """Prove the isolation of an estate over the templates of a cloud assembly, on disk or read already.

    Raises:
        ReviewError: the assembly cannot be read. What is read and not understood is a finding, never a pass.
    """
    start = time.perf_counter()
    try:
        reviewed = source if isinstance(source, ReviewedEstate) else review_estate(source, estate)
    except NOT_UNDERSTOOD as problem:
        unread = (_not_proved(problem),)
        seconds = time.perf_counter() - start
        return Proof("not proved", unread, len(estate.tenants), 0, 0, 0, 0, (), (), True, True, (), (), seconds)
    inventory, promised, found = reviewed.inventory, reviewed.promises, reviewed.classes

    def build(edit: Edit) -> World:
        return build_world(estate, inventory, promised, found, edit)

    findings: list[Finding] = []
    access, issuance = KeyAccess(), Issuance()
    repointed = granted = True
    lost: list[Safeguard] = []
    kept: list[Guardrail] = []
    try:
        findings += check_deployment(reviewed.artifacts, estate)
        findings += check_stacks(reviewed)
        findings += check_structure(inventory, promised, estate)
        held = held_key_use(inventory, promised, estate)
        findings += [*held.excess, *_disclosed(reviewed), *_crossing(reviewed)]
        world = build(keep)
        if not world.keys and not any(tenant.held for tenant in estate.tenants.values()):
            findings.append(_NOTHING)
        findings += held.refused(inventory, world)
        findings += check_guardrails(inventory, world)
        access, issuance = prove_key_access(world), prove_issuance(world)
        findings += [*access.findings, *issuance.findings]
        if not findings:
            repointed = _others_gain(world, Adversary(repoints_aliases=True))
            granted = _others_gain(world, Adversary(grants=True))
        if with_safeguards:
            lost, kept = safeguards(build), guardrails(inventory, world)
    except NOT_UNDERSTOOD as problem:
        findings.append(_not_proved(problem))
    order = list(Kind)
    findings = sorted(findings, key=lambda finding: order.index(finding.kind))
    return Proof(
        verdict=_verdict(findings),
        findings=tuple(findings),
        tenants=len(promised),
        keys=_count(inventory),
        stacks=inventory.stacks,
        classes=len(found),
        requests=access.requests + issuance.requests,
        steps=tuple(sorted(issuance.steps, key=lambda step: (step.role_arn, step.actor))),
        trusted=tuple(trusted(access, issuance, estate, aliases_matter=repointed, grants_matter=granted)),
        alias_administrators_gain_plaintext=repointed,
        grants_open_the_key=granted,
        safeguards=tuple(lost),
        guardrails=tuple(kept),
        seconds=time.perf_counter() - start,
        boundaries=tuple(estate.permissions_boundaries),
        held=held_by_tenants(estate),
    )


def _others_gain(world: World, adversary: Adversary) -> bool:
    """Whether other tenants or outsiders gain use of a key where the adversary has acted."""
    gains = prove_key_access(world, adversary, excess_only=True, only=is_cryptographic).findings
    others = (Kind.OTHER_TENANT, Kind.OUTSIDER)
    return any(finding.kind in others and is_cryptographic(str((finding.request or {})["action"])) for finding in gains)


WORST_FIRST: Final = ("refuted", "not proved", "proved")
"""Verdicts; of several key accounts the worst holds for the manifest."""


def _verdict(findings: list[Finding]) -> str:
    if not findings:
        return "proved"
    return "not proved" if all(finding.kind is Kind.NOT_PROVED for finding in findings) else "refuted"


def _count(inventory: Inventory) -> int:
    return sum(len(records) for records in inventory.keys.values())


NOT_UNDERSTOOD: Final = (
    NotJudged,
    InvalidRequest,
    RecursionError,  # of a document that an earlier limit let through
)
_NOTHING: Final = Finding(Kind.NOT_PROVED, "the templates contain no key, so there is nothing to prove", "add a tenant")


def _not_proved(problem: Exception) -> Finding:
    fix = "write it in a form that the review understands"
    if isinstance(problem, AssemblyInconsistent):
        fix = "deploy nothing of this assembly; synthesize again"
    message = "a document is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
    return Finding(Kind.NOT_PROVED, message, fix)
