"""The attacks as the demo shows them: whether AWS's error code and the statement that denies are the expected ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tenant_keys.demo.local_estate import LocalEstate
from tenant_keys.demo.report import Call, Statement, asked
from tenant_keys.local.attack import Attack, Outcome
from tenant_keys.local.attack_run import attack_all
from tenant_keys.local.attack_setup import AttackSetup
from tenant_keys.local.attacks import ATTACKS

_BY_SERVICE: Final = {"sts.amazonaws.com": "AWS STS", "kms.amazonaws.com": "AWS KMS"}
_CHECKS: Final = {
    "InvalidIdentityToken": "not the issuer's signature",
    "IncorrectKeyException": "ciphertext of another key",
}
"""What refuses where no policy does: the service's own check, by its error."""


def attack(local: LocalEstate, attacks: tuple[Attack, ...] = ATTACKS) -> Iterator[Call | str]:
    """Try each; a name alone is one for which the estate has nothing to attack."""
    setup = AttackSetup(local.aws, local.issuer)
    for each in attacks:
        here = setup
        if each.victim in setup.estate.users_of("Enabled") and each.victim != setup.attacker:
            here = AttackSetup(local.aws, local.issuer)
            here.victim = str(each.victim)
        # What the attacker and the victim do lawfully comes first, so that the log shows the attack alone.
        _ = here.own, here.own_encrypting, here.own_decrypting, here.stolen_ciphertext
        with local.aws.watch() as decisions:
            [outcome] = attack_all(here, (each,))
        yield each.name if outcome.skipped else judged(local, here, outcome, decisions)


def judged(local: LocalEstate, setup: AttackSetup, outcome: Outcome, decisions: list[dict[str, Any]]) -> Call:
    """Whether it was refused as it must be: with AWS's code, by the statement that is there for it."""
    attack = outcome.attack
    suspended = next(iter(setup.estate.users_of("Disabled")), "")
    tenants = {
        "attacker": setup.attacker,
        "victim": setup.victim,
        "suspended": suspended,
        "central": setup.estate.central,
    }
    decision = _refusal(decisions)
    refused_by = _refused_by(local, decision, outcome) if outcome.got != "ALLOWED" else ()
    wanted = Statement(attack.policy.format(**tenants), attack.sid)
    return Call(
        name=outcome.name,
        who=attack.who.format(**tenants),
        tried=attack.tried.format(**tenants),
        answer=outcome.got,
        as_promised=outcome.got == attack.code and wanted in refused_by,
        decided_by=refused_by,
        seen=outcome.message,
        **asked(decision),
    )


def _refusal(decisions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry of the last request that failed: the one that denies, if several were asked."""
    failed = [each for each in decisions if each["error"] is not None]
    last = [each for each in failed if each["request_id"] == failed[-1]["request_id"]]
    denying = [each for each in last if each["outcome"].endswith("_DENY")]
    return next(iter(denying or last), None)


def _refused_by(local: LocalEstate, decision: dict[str, Any] | None, outcome: Outcome) -> tuple[Statement, ...]:
    if decision is None:
        return ()
    if decision["outcome"] == "EXPLICIT_DENY":
        return local.deciders(decision)
    if decision["outcome"] == "IMPLICIT_DENY":
        role = str(decision["resource"]).rpartition("/")[2]
        asked = "no resource-based policy" in decision["reason"]
        return (Statement(f"trust policy of {role}" if asked else "identity policies of the caller", None),)
    return (Statement(_BY_SERVICE[decision["source"]], _CHECKS.get(outcome.got, outcome.message)),)
