"""Every attack is refused by the service side, in the way it should be, and the log says by which statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tenant_keys.cli.local import table
from tenant_keys.local.attack import Attack, Outcome
from tenant_keys.local.attack_run import attack_all
from tenant_keys.local.attack_setup import AttackSetup
from tenant_keys.local.attacks import ATTACKS
from tests.local import handmade
from tests.local.conftest import LocalEstate


@pytest.fixture(scope="module")
def setup(local: LocalEstate) -> AttackSetup:
    return AttackSetup(local.aws, local.issuer)


ELSEWHERE = {"a tag of a tenant not served", "its data, in another Region"}
"""Attacks for which the small estate has no victim; the sample has, and the demo's tests play them."""
HERE = [each for each in ATTACKS if each.name not in ELSEWHERE]


@pytest.mark.parametrize("attack", HERE, ids=lambda attack: attack.name)
def test_the_attack_is_refused(setup: AttackSetup, attack: Attack) -> None:
    [outcome] = attack_all(setup, (attack,))
    assert outcome.refused, outcome
    assert outcome.refused_by


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_an_attack_without_a_victim_is_said_and_is_no_refusal(setup: AttackSetup, name: str) -> None:
    outcome = _outcome(setup, name)
    assert (outcome.skipped, outcome.refused) == (True, False)


def test_an_attack_that_succeeds_is_noticed(setup: AttackSetup) -> None:
    allowed = Attack(
        "own key",
        "{attacker}'s session",
        "GenerateDataKey, own alias",
        "AccessDeniedException",
        "key policy of {attacker}",
        None,
        lambda on: (
            lambda: on.own.client("kms").generate_data_key(
                KeyId=on.alias(on.attacker), KeySpec="AES_256", EncryptionContext=on.context(on.attacker)
            )
        ),
    )
    [outcome] = attack_all(setup, (allowed,))
    assert not outcome.refused
    assert outcome.got == "ALLOWED"


def test_a_failure_before_the_attack_is_no_refusal(setup: AttackSetup) -> None:
    """A workload that may only decrypt cannot seal what an attacker would steal: nothing was attacked then."""

    def prepare(on: AttackSetup) -> Callable[[], object]:
        own = on.own.client("kms")
        own.generate_data_key(KeyId=on.alias(on.victim), KeySpec="AES_256", EncryptionContext=on.context(on.victim))
        return list

    unprepared = replace(ATTACKS[0], prepare=prepare)
    [outcome] = attack_all(setup, (unprepared,))
    assert (outcome.got, outcome.refused, outcome.skipped, outcome.failed) == ("NOT MADE", False, False, True)
    assert outcome.message.startswith("while preparing: An error occurred (AccessDeniedException)")
    assert "[red]?" in next(iter(table([outcome]).columns[0].cells))  # type: ignore[operator]


def test_data_of_a_victim_for_whom_nobody_encrypts_cannot_be_stolen(setup: AttackSetup) -> None:
    decrypts = AttackSetup(setup.aws, setup.issuer)
    decrypts.estate.tenant_roles[decrypts.victim] = {
        "orders": decrypts.estate.tenant_roles[decrypts.attacker]["orders"]
    }
    [outcome] = attack_all(decrypts, (next(each for each in ATTACKS if each.name == "its data, by key ARN"),))
    assert (outcome.skipped, outcome.message) == (True, f"needs a workload that may encrypt for {decrypts.victim}")


def _outcome(setup: AttackSetup, name: str) -> Outcome:
    [attack] = [each for each in ATTACKS if each.name == name]
    [outcome] = attack_all(setup, (attack,))
    return outcome


def test_the_safeguards_that_refuse_are_named(setup: AttackSetup) -> None:
    assert _outcome(setup, "a re-pointed alias").refused_by == (
        "key policy: DenyUseByAnyoneElse",
        "key policy: DenyOtherAlias",
    )
    assert _outcome(setup, "a lying session tag").refused_by == ("key policy: DenySharedRoleOfOtherTenant",)
    assert _outcome(setup, "a forged encryption context").refused_by == ("key policy: DenyOtherContext",)
    assert _outcome(setup, "an administrator decrypts").refused_by == ("key policy: DenyUseByAnyoneElse",)


def test_each_account_is_deployed_by_the_roles_that_its_stacks_name(setup: AttackSetup) -> None:
    """Those of `cdk bootstrap` in the key account; in the other an organization's own, and a qualifier of its own."""
    assert setup.estate.deployer == handmade.DEPLOYERS[0]
    cloudformation = setup.aws.session(handmade.WORKLOAD).client("cloudformation")
    deployed = {one["StackName"]: one.get("RoleARN") for one in cloudformation.describe_stacks()["Stacks"]}
    assert deployed["Workloads"] == "arn:aws:iam::222222222222:role/company/Deploy"
    assert "CDKToolkit-company" in deployed
