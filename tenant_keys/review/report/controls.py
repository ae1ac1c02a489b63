"""Controls that auditors ask for, and what this estate shows for each. Evidence is counted here, never asserted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, Final

from tenant_keys.review.report import names

Json = dict[str, Any]
Evidence = tuple[str, list[str]]
"""Status ("met", "partly", "not met", "elsewhere") and the sentences that show it."""
MET, PARTLY, NOT_MET, ELSEWHERE = "met", "partly", "not met", "elsewhere"
SHOWN: Final = 10
_ALL_KEYS: Final = frozenset(
    {"*"}
    | {
        f"arn:{partition}:kms:{rest}"
        for partition in ("aws", "aws-cn", "aws-us-gov", "*")
        for rest in ("*", "*:*:*", "*:*:key/*")
    }
)
_CONFIG: Final = "AWSServiceRoleForConfig"
"""AWS Config's service-linked role. KMS.5 fails for a policy that Config cannot read (Security Hub, kms-controls)."""
_DECRYPTION: Final = ("kms:decrypt", "kms:reencryptfrom", "kms:*", "*", "kms:re*", "kms:reencrypt*")


def controls(document: Json) -> Json:
    """The mapping, with status and evidence of each control."""
    mapping: Json = json.loads(files(__package__).joinpath("controls.json").read_text(encoding="utf-8"))
    found = {name: check(document) for name, check in CHECKS.items()}
    unknown = sum(tenant["class"] is None for tenant in document["tenants"])
    rows = []
    for control in mapping["controls"]:
        status, evidence = found[control["check"]]
        if unknown and status in (MET, PARTLY):
            status, evidence = NOT_MET, [f"the policies of {unknown} tenants are not understood", *evidence]
        rows.append({**{k: control[k] for k in ("framework", "id", "title")}, "status": status, "evidence": evidence})
    return {"read": mapping["read"], "sources": mapping["sources"], "rows": rows}


def no_managed_policies(document: Json) -> Evidence:
    named = [one for role in document["roles"] for one in role["managed"]]
    if named:
        return NOT_MET, [f"{len(named)} managed policies are attached that these templates do not hold"]
    return no_decryption_with_all_keys(document)


def no_decryption_with_all_keys(document: Json) -> Evidence:
    own = [row for row in _allows(document) if row["policy"] == "identity"]
    bad = [
        row["sid"]
        for row in own
        if any(action.lower() in _DECRYPTION for action in _texts(row["json"].get("Action", "*")))
        and any(resource in _ALL_KEYS for resource in _texts(row["json"].get("Resource", "*")))
    ]
    said = f"{len(own)} distinct Allow statements of role policies looked at; {len(bad)} allow decryption with all keys"
    beside = "each names keys of one account and its Regions, and under a condition on the alias"
    return (NOT_MET, [said, *bad[:SHOWN]]) if bad else (MET, [said, beside])


def deletion_is_deliberate(document: Json) -> Evidence:
    who = _holders(document, "kms:ScheduleKeyDeletion")
    keys = sum(len(tenant["keys"]) for tenant in document["tenants"])
    retained = sum(key["retained"] for tenant in document["tenants"] for key in tenant["keys"])
    evidence = [
        f"{retained} of {keys} keys stay when a template drops them (DeletionPolicy and UpdateReplacePolicy Retain)",
        f"may schedule a deletion: {', '.join(sorted(who)) or 'nobody'}",
        "a deletion waits 7 to 30 days and can be cancelled until then (AWS KMS guide, deleting-keys)",
    ]
    return (MET if keys and retained == keys and len(who) <= 1 else NOT_MET), evidence


def no_deletion_is_scheduled(document: Json) -> Evidence:
    """Security Hub fails KMS.3 for every key whose deletion is scheduled, deliberate or not (kms-controls)."""
    status, evidence = deletion_is_deliberate(document)
    said = (
        "templates schedule no deletion; Security Hub reports each key that break-glass schedules as failed until it is"
    )
    return (status if status == NOT_MET else ELSEWHERE), [*evidence, f"{said} gone: suppress the finding by its key"]


def keys_rotate(document: Json) -> Evidence:
    profiles = document["profiles"]
    rotating, imported, off = 0, 0, []
    for tenant in document["tenants"]:
        profile = profiles[tenant["profile"]]
        if profile["origin"] != "AWS_KMS":
            imported += 1
        elif profile["rotation_days"] is None:
            off.append(tenant["id"])
        else:
            rotating += 1
    evidence = [f"{rotating} of {len(document['tenants'])} tenants' keys rotate automatically"]
    if imported:
        evidence.append(f"{imported} hold imported material, which KMS never rotates; only its owner can, on demand")
    if off:
        more = f" and {len(off) - SHOWN} more" if len(off) > SHOWN else ""
        evidence.append(f"{len(off)} have rotation switched off in the manifest: {', '.join(off[:SHOWN])}{more}")
    if not document["tenants"] or off:
        return NOT_MET, evidence
    return (PARTLY if imported else MET), evidence


def no_public_key(document: Json) -> Evidence:
    keys = [row for row in _allows(document) if row["policy"] == "key"]
    public = [row["sid"] for row in keys if "NotPrincipal" in row["json"] or _everyone(row["json"].get("Principal"))]
    said = f"{len(keys)} distinct Allow statements of key policies looked at; {len(public)} name everybody"
    if public or not keys:
        return NOT_MET, [said, *public[:SHOWN]]
    if any(who.endswith(f"/{_CONFIG}") for who in _holders(document, "kms:GetKeyPolicy")):
        return MET, [said, f"{_CONFIG} may read the policies, as Security Hub needs"]
    unread = f"Security Hub reports it as failed where AWS Config cannot read a policy, and {_CONFIG} is no reader"
    return ELSEWHERE, [
        said,
        f"{unread}: name config in central.auditors, or the role that it records with in central.readers",
    ]


def holders_are_known(document: Json) -> Evidence:
    uses = sum(len(one["uses"]) for one in document["classes"])
    offices = {who for one in document["classes"] for office in one["administration"] for who in office["who"]}
    proved = document["summary"]["verdict"] == "proved"
    said = (
        f"{uses} ways of use and {len(offices)} administering roles over {len(document['classes'])} classes of tenants"
    )
    return (MET if proved else NOT_MET), [f"{said}; the page of each tenant lists all of them", _proof(document)]


def isolation_is_proved(document: Json) -> Evidence:
    return (MET if document["summary"]["verdict"] == "proved" else NOT_MET), [
        _proof(document),
        _tried(document, "another tenant"),
    ]


def duties_are_separate(document: Json) -> Evidence:
    rows = [
        row
        for one in document["classes"]
        for row in one["attempts"]
        if row["group"] == "administration" and row["action"] in ("kms:Decrypt", "kms:GenerateDataKey")
    ]
    through = [row["who"] for row in rows if row["outcome"] == "ALLOWED"]
    said = f"{len(rows)} attempts of administering roles to use a key, {len(rows) - len(through)} refused"
    return (NOT_MET if through or not rows else MET), [said, *through[:SHOWN]]


def privilege_is_least(document: Json) -> Evidence:
    wide = [
        row["sid"] for row in _allows(document) if "NotAction" in row["json"] or _wild(row["json"].get("Action", "*"))
    ]
    most = min((len(one["nobody"]) for one in document["classes"]), default=0)
    return (NOT_MET if wide else MET), [
        f"{len(_allows(document))} distinct Allow statements spell out their actions; {len(wide)} use a wildcard",
        f"at least {most} actions on each key are allowed to nobody, CreateGrant and UpdateAlias among them",
        *wide[:SHOWN],
    ]


def material_stays_inside(document: Json) -> Evidence:
    importers = _holders(document, "kms:ImportKeyMaterial")
    others = importers - {names.IMPORT_ROLE}
    imported = sum(document["profiles"][tenant["profile"]]["origin"] == "EXTERNAL" for tenant in document["tenants"])
    who = ", ".join(sorted(others)) or ("each tenant's own import role alone" if importers else "nobody")
    return (NOT_MET if others or not document["classes"] else MET), [
        f"{imported} tenants bring material, wrapped under RSA-4096; may import it: {who}",
        "what AWS KMS makes or holds leaves its HSMs in no readable form (AWS KMS guide, concepts)",
    ]


def no_substitution(document: Json) -> Evidence:
    movers = _holders(document, "kms:UpdateAlias")
    gains = document["summary"]["repointed_alias_yields_plaintext"]
    said = f"may re-point an alias: {', '.join(sorted(movers)) or 'nobody'}"
    then = "a re-pointed alias yields plaintext" if gains else "even a re-pointed alias yields no plaintext (proved)"
    return (NOT_MET if movers or gains else MET), [said, then, _tried(document, "own session")]


def logging_is_elsewhere(_document: Json) -> Evidence:
    return ELSEWHERE, [
        "AWS CloudTrail logs every call of KMS and STS; the trail is not part of these templates",
        "each tenant has its own key, and each workload its own role, so an event names both",
    ]


def _allows(document: Json) -> list[Json]:
    return [row for row in document["statements"] if row["effect"] == "Allow"]


def _holders(document: Json, action: str) -> set[str]:
    return {
        who
        for one in document["classes"]
        for office in one["administration"]
        if action in office["actions"]
        for who in office["who"]
    }


def _proof(document: Json) -> str:
    summary = document["summary"]
    return f"{summary['verdict']}: {summary['requests']:,} requests decided, each for all of its class"


def _tried(document: Json, group: str) -> str:
    rows = [row for one in document["classes"] for row in one["attempts"] if row["group"] == group]
    right = sum(row["as_expected"] for row in rows)
    return f"{len(rows)} requests tried ({group}), {right} decided as declared"


def _everyone(principal: object) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and "*" in _texts(principal.get("AWS", ())))


def _wild(actions: object) -> bool:
    return any("*" in one or "?" in one for one in _texts(actions))


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value] if isinstance(value, list | tuple) else []


CHECKS: Final[Mapping[str, Callable[[Json], Evidence]]] = {
    check.__name__: check
    for check in (
        no_managed_policies,
        no_decryption_with_all_keys,
        deletion_is_deliberate,
        no_deletion_is_scheduled,
        keys_rotate,
        no_public_key,
        holders_are_known,
        isolation_is_proved,
        duties_are_separate,
        privilege_is_least,
        material_stays_inside,
        no_substitution,
        logging_is_elsewhere,
    )
}
