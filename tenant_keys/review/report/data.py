"""The one document that every form of the report is made of: plain JSON types, keys that do not change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tenant_keys.cost import as_document, cost_report
from tenant_keys.manifest import Estate, Tenant
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.proof import CLAIM, Proof
from tenant_keys.review.proof.equivalence import TenantClass
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.promise import Promise, access_role_arn, alias_of, promises, workload_role
from tenant_keys.review.proof.prove import NOT_UNDERSTOOD
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tenant_keys.review.report.classes import Classes, Statements
from tenant_keys.review.report.controls import controls
from tenant_keys.review.report.detection import detection
from tenant_keys.review.report.facts import Facts, read_facts
from tenant_keys.review.report.findings import nag_findings, proof_findings, rule_findings
from tenant_keys.review.report.identities import identified_by
from tenant_keys.review.report.limits import not_proved

Document = dict[str, Any]
SCHEMA: Final = "tenant-keys/review/1"
_OWN_TAGS: Final = "tenant-keys:"
Progress = Callable[[str], None]


def build_document(
    directory: Path,
    estate: Estate,
    proof: Proof,
    *,
    lint: Sequence[Document] | None = None,
    provenance: Document | None = None,
    reviewed: ReviewedEstate | None = None,
    progress: Progress = lambda _: None,
) -> Document:
    """Everything that a reviewer reads.

    Args:
        directory: the cloud assembly.
        estate: what the manifest declares.
        proof: the proof over the same assembly.
        lint: what cfn-lint said (`cfn_lint`); None where it did not run.
        provenance: date, commit and hashes of what is reviewed; None where the caller has none.
        reviewed: the reading of the assembly that the proof was made of, where there is one.
        progress: is called with the next step.

    Raises:
        ReviewError: the assembly cannot be read.
    """
    assembly = Assembly.open(directory)
    progress("reading the templates")
    reviewed = reviewed or _reviewed(assembly, estate)
    inventory, promised, sorted_out = reviewed.inventory, reviewed.promises, _by_class(reviewed)
    progress("asking for each class of tenants who may do what")
    statements = Statements(estate.central.account)
    classes = Classes(estate, inventory, promised, statements)
    rows, place = _asked(classes, sorted_out)
    roles = _other_roles(inventory, promised, statements)
    progress("judging the policies by rule")
    facts = read_facts(assembly, *_alike(inventory, promised, sorted_out))
    profiles: dict[str, int] = {}
    document: Document = {
        "schema": SCHEMA,
        "summary": _summary(estate, proof, facts),
        "provenance": provenance,
        "not_proved": not_proved(proof, {workload.access for workload in estate.workloads.values()}),
        "trusted": [asdict(one) for one in proof.trusted],
        "safeguards": [asdict(one) for one in proof.safeguards],
        "steps": [asdict(one) for one in proof.steps],
        "workloads": _workloads(reviewed),
        "roles": roles,
        "statements": statements.rows,
        "classes": rows,
        "tenants": [_tenant(tenant, inventory, place, profiles) for tenant in estate.tenants.values()],
        "profiles": [],
    }
    document["profiles"] = [json.loads(text) for text in profiles]
    progress("collecting findings, cost and controls")
    document["findings"] = {
        "proof": proof_findings(proof),
        "rules": rule_findings(facts.findings),
        "policies_judged": facts.policies,
        "nag": nag_findings(directory),
        "lint": lint,
    }
    document["detection"] = detection(reviewed)
    document["cost"] = as_document(cost_report(estate))
    document["controls"] = controls(document)
    plain: Document = json.loads(json.dumps(document))
    return plain


def _reviewed(assembly: Assembly, estate: Estate) -> ReviewedEstate:
    """Without anything to ask where a policy is not understood: the proof has said so."""
    try:
        return review_estate(assembly, estate)
    except NOT_UNDERSTOOD:
        return ReviewedEstate(estate, promises(estate), Inventory(), {}, assembly.artifacts, {})


def _by_class(reviewed: ReviewedEstate) -> dict[TenantClass, list[str]]:
    found: dict[TenantClass, list[str]] = {}
    for tenant, alike in reviewed.class_of.items():
        found.setdefault(alike, []).append(tenant)
    return found


def _asked(classes: Classes, sorted_out: Mapping[TenantClass, list[str]]) -> tuple[list[Document], dict[str, int]]:
    """A row for each class, and the row of each tenant; a tenant whose policies are not understood has none."""
    rows: list[Document] = []
    place: dict[str, int] = {}
    for tenants in sorted_out.values():
        try:
            row = classes.row(tenants)
        except UnsupportedPolicy:
            continue
        place |= dict.fromkeys(tenants, len(rows))
        rows.append(row)
    return rows, place


def _alike(
    inventory: Inventory, promised: Mapping[str, Promise], sorted_out: Mapping[TenantClass, list[str]]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What represents its class, and what it represents."""

    def documents(tenants: list[str]) -> set[tuple[str, str]]:
        keys = {(r.stack, r.logical_id) for tenant in tenants for r in inventory.keys.get(tenant, ())}
        roles = [
            inventory.roles[use.role_arn]
            for tenant in tenants
            for use in promised[tenant].uses
            if not use.shared and use.role_arn in inventory.roles
        ]
        return keys | {(role.stack, role.arn.rpartition("/")[2]) for role in roles}

    first = [tenants[0] for tenants in sorted_out.values()]
    rest = [tenant for tenants in sorted_out.values() for tenant in tenants[1:]]
    return documents(first), documents(rest)


def _other_roles(inventory: Inventory, promised: Mapping[str, Promise], statements: Statements) -> list[Document]:
    """Roles that are no single tenant's: shared access roles, workload roles, and whatever else is there."""
    own = {use.role_arn for promise in promised.values() for use in promise.uses if not use.shared}
    return [
        {
            "arn": arn,
            "account": role.account,
            "stack": role.stack,
            "managed": list(role.managed),
            "trust": statements.of(json.dumps(role.trust), "trust"),
            "identity": [place for _, one in role.identity for place in statements.of(json.dumps(one), "identity")],
        }
        for arn, role in sorted(inventory.roles.items())
        if arn not in own
    ]


def _summary(estate: Estate, proof: Proof, facts: Facts) -> Document:
    states = Counter(tenant.state for tenant in estate.tenants.values())
    return {
        "verdict": proof.verdict,
        "claim": CLAIM,
        "tenants": proof.tenants,
        "states": {state: states.get(state, 0) for state in ("active", "suspended", "offboarding")},
        "keys": proof.keys,
        "stacks": len(facts.stacks),
        "resources": facts.resources,
        "classes": proof.classes,
        "requests": proof.requests,
        "seconds": round(proof.seconds, 3),
        "account": estate.central.account,
        "alias": alias_of("<id>", estate),
        "organization": estate.organization,
        "home_region": estate.central.home_region,
        "regions": list(estate.central.regions),
        "repointed_alias_yields_plaintext": proof.alias_administrators_gain_plaintext,
        "grant_opens_a_key": proof.grants_open_the_key,
        "unprotected_stacks": [name for name, *_, protected in facts.stacks if not protected and "-cell-" in name],
    }


def _workloads(reviewed: ReviewedEstate) -> list[Document]:
    estate = reviewed.estate
    used = Counter(w.name for t in estate.tenants.values() if t.state != "offboarding" for w in t.workloads)
    return [
        {
            "name": one.name,
            "account": one.account,
            "runs_on": one.runs_on,
            "access": one.access,
            "operations": list(one.operations),
            "regions": list(one.regions),
            "role": None if one.access == "web-identity" else workload_role(one, estate),
            "access_role": access_role_arn("<id>", one, estate),
            "boundary": one.permissions_boundary,
            "access_boundary": estate.central.permissions_boundary,
            "issuer": one.identity_provider.issuer if one.identity_provider else None,
            "audience": one.audience,
            "identified_by": identified_by(one, reviewed),
            "tenants": used[one.name],
        }
        for one in estate.workloads.values()
    ]


def _tenant(tenant: Tenant, inventory: Inventory, place: Mapping[str, int], profiles: dict[str, int]) -> Document:
    """A tenant in few words: what it shares with others is in its class and its profile."""
    keys = sorted(inventory.keys.get(tenant.id, ()), key=lambda one: (one.replica, one.region))
    text = json.dumps(_profile(tenant, keys[0] if keys else None), sort_keys=True)
    row: Document = {
        "id": tenant.id,
        "class": place.get(tenant.id),
        "profile": profiles.setdefault(text, len(profiles)),
        "keys": [_key(key) for key in keys],
    }
    if tenant.manifest_id != tenant.id:
        row["manifest_id"] = tenant.manifest_id
    if tenant.import_role:
        row["import_role"] = tenant.import_role
    return row


def _key(key: KeyRecord) -> Document:
    return {"region": key.region, "stack": key.stack, "logical_id": key.logical_id, "retained": key.retained}


def _profile(tenant: Tenant, key: KeyRecord | None) -> Document:
    """What the manifest and the template say of a key's life; None where there is no key."""
    return {
        "state": tenant.state,
        "workloads": [workload.name for workload in tenant.workloads],
        "decrypt_by": tenant.decrypt_by,
        "enabled": key.enabled if key else None,
        "origin": key.properties.get("kms:keyorigin", "AWS_KMS") if key else None,
        "multi_region": key.properties.get("kms:multiregion") == "true" if key else None,
        "rotation_days": key.rotation_days if key else None,
        "deletion_window_days": key.deletion_window_days if key else None,
        "tags": {name: value for name, value in key.tags.items() if not name.startswith(_OWN_TAGS)} if key else {},
    }
