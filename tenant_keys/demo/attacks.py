"""The attacks and what must come of each: the error that AWS gives, and the statement that refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.demo.report import Call, Statement
from tenant_keys.demo.stage import Stage
from tenant_keys.local.attacks import ATTACKS, Attack, Outcome, attack_all
from tenant_keys.local.scene import Scene

DENIED: Final = "AccessDeniedException"
"""KMS's; STS says AccessDenied."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Who tries what, and how it is refused. `{attacker}`, `{victim}`, `{suspended}` are tenants."""

    who: str
    tried: str
    code: str
    policy: str
    sid: str | None
    """Must be among those that refuse; None: the policy has no statement that allows."""
    victim: str | None = None
    """Another victim than the scene's, where that one would be refused for another reason."""


_VICTIMS, _OWN = "key policy of {victim}", "key policy of {attacker}"
_SESSION, _ADMINISTRATOR = "{attacker}'s session", "administrator"

EXPECTED: Final[Mapping[str, Expected]] = {
    "the other tenant's alias": Expected(
        _SESSION, "GenerateDataKey, alias of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"
    ),
    "its data, by its alias": Expected(_SESSION, "Decrypt, alias of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"),
    "its data, by key ARN": Expected(_SESSION, "Decrypt, key ARN of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"),
    "its data, by key id": Expected(_SESSION, "Decrypt, key id of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"),
    "its data, naming no key": Expected(_SESSION, "Decrypt, no KeyId", DENIED, _VICTIMS, "DenyUseByAnyoneElse"),
    "a true token, another key": Expected(
        "portal, {attacker}'s token", "GenerateDataKey, alias of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"
    ),
    "a re-pointed alias": Expected(
        _SESSION, "Decrypt, own alias on {victim}'s key", DENIED, _VICTIMS, "DenyUseByAnyoneElse"
    ),
    "a tag of a tenant not served": Expected(
        "billing, tag {victim}", "Decrypt, alias of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"
    ),
    "an administrator decrypts": Expected(
        _ADMINISTRATOR, "Decrypt, alias of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"
    ),
    "the root user decrypts": Expected(
        "root of 111111111111", "Decrypt, alias of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse"
    ),
    "an administrator's own policy": Expected(
        _ADMINISTRATOR, "PutKeyPolicy, key of {victim}", DENIED, _VICTIMS, "DenyDeployByAnyoneElse"
    ),
    "an administrator's grant": Expected(
        _ADMINISTRATOR, "CreateGrant, key of {victim}", DENIED, _VICTIMS, "DenyToEveryone"
    ),
    "re-pointing an alias": Expected(
        _ADMINISTRATOR, "UpdateAlias of {attacker} to {victim}'s key", DENIED, _OWN, "DenyToEveryone"
    ),
    "a forged encryption context": Expected(
        _SESSION, "GenerateDataKey, tenant_id {victim}", DENIED, _OWN, "DenyOtherContext"
    ),
    "a lying session tag": Expected(
        "billing, tag {attacker}",
        "Decrypt, alias of {victim}",
        DENIED,
        _VICTIMS,
        "DenySharedRoleOfOtherTenant",
        victim="umbrella",
    ),
    "its data, in another Region": Expected(
        _SESSION, "Decrypt, replica of {victim}", DENIED, _VICTIMS, "DenyUseByAnyoneElse", victim="umbrella"
    ),
    "a suspended tenant": Expected(
        "{suspended}'s session",
        "GenerateDataKey, own alias",
        DENIED,
        "key policy of {suspended}",
        "DenyUseWhileSuspended",
    ),
    "a second session tag": Expected(
        "billing", "AssumeRole, a second tag", "AccessDenied", "trust policy of shared.billing", None
    ),
    "a tag on a tenant's own role": Expected(
        "orders", "AssumeRole, tag {victim}", "AccessDenied", "trust policy of tenant-{attacker}.orders", None
    ),
    "a forged token": Expected(
        "a stranger",
        "AssumeRoleWithWebIdentity",
        "InvalidIdentityToken",
        "AWS STS",
        "not the issuer's signature",
    ),
    "its data through the own alias": Expected(
        _SESSION,
        "Decrypt, own alias, {victim}'s data",
        "IncorrectKeyException",
        "AWS KMS",
        "ciphertext of another key",
    ),
}
"""By the attack's name, in the order in which they are shown."""

_BY_SERVICE: Final = {"sts.amazonaws.com": "AWS STS", "kms.amazonaws.com": "AWS KMS"}
_CHECKS: Final = {
    "InvalidIdentityToken": "not the issuer's signature",
    "IncorrectKeyException": "ciphertext of another key",
}
"""What refuses where no policy does: the service's own check, by its error."""


def attack(stage: Stage, attacks: tuple[Attack, ...] = ATTACKS) -> Iterator[Call | str]:
    """Try each; a name alone is one for which the estate has nothing to attack."""
    scene = Scene(stage.aws, stage.issuer)
    order = list(EXPECTED)
    for each in sorted(attacks, key=lambda attack: order.index(attack.name)):
        expected = EXPECTED[each.name]
        here = scene
        if expected.victim in scene.estate.users_of("Enabled") and expected.victim != scene.attacker:
            here = Scene(stage.aws, stage.issuer)
            here.victim = str(expected.victim)
        # What the attacker and the victim do lawfully comes first, so that the log shows the attack alone.
        _ = here.own, here.loot
        with stage.aws.watch() as decisions:
            [outcome] = attack_all(here, (each,))
        yield each.name if outcome.skipped else judged(stage, here, expected, outcome, decisions)


def judged(stage: Stage, scene: Scene, expected: Expected, outcome: Outcome, decisions: list[dict[str, Any]]) -> Call:
    """Whether it was refused as it must be: with AWS's code, by the statement that is there for it."""
    suspended = next(iter(scene.estate.users_of("Disabled")), "")
    cast = {"attacker": scene.attacker, "victim": scene.victim, "suspended": suspended}
    decision = _refusal(decisions)
    refused_by = _refused_by(stage, decision, outcome) if outcome.got != "ALLOWED" else ()
    wanted = Statement(expected.policy.format(**cast), expected.sid)
    return Call(
        name=outcome.name,
        who=expected.who.format(**cast),
        tried=expected.tried.format(**cast),
        answer="ALLOWED" if outcome.got == "ALLOWED" else outcome.got,
        as_promised=outcome.got == expected.code and wanted in refused_by,
        decided_by=refused_by,
        seen=outcome.message,
        principal=decision["who"] if decision else None,
        action=decision["action"] if decision else None,
        resource=decision["resource"] if decision else None,
        alias=decision["alias"] if decision else None,
    )


def _refusal(decisions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry of the last request that failed: the one that denies, if several were asked."""
    failed = [each for each in decisions if each["error"] is not None]
    last = [each for each in failed if each["request_id"] == failed[-1]["request_id"]]
    denying = [each for each in last if each["outcome"].endswith("_DENY")]
    return next(iter(denying or last), None)


def _refused_by(stage: Stage, decision: dict[str, Any] | None, outcome: Outcome) -> tuple[Statement, ...]:
    if decision is None:
        return ()
    if decision["outcome"] == "EXPLICIT_DENY":
        return stage.deciders(decision)
    if decision["outcome"] == "IMPLICIT_DENY":
        role = str(decision["resource"]).rpartition("/")[2]
        asked = "no resource-based policy" in decision["reason"]
        return (Statement(f"trust policy of {role}" if asked else "identity policies of the caller", None),)
    return (Statement(_BY_SERVICE[decision["source"]], _CHECKS.get(outcome.got, outcome.message)),)
