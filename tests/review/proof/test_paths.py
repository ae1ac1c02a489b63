"""How somebody comes to a session, hop by hop."""

from __future__ import annotations

from tenant_keys.review.proof.obtained_sessions import Step
from tenant_keys.review.proof.paths import paths_to

WORK, ACCESS, OTHER = (f"arn:aws:iam::{number}:role/{name}" for number, name in ((2, "work"), (1, "access"), (3, "x")))
LAMBDA, TOKEN = "the service lambda.amazonaws.com", "a holder of a token of login.example.com"


def session(role: str) -> str:
    return f"a session of {role}"


def test_a_chain_of_roles_is_one_path() -> None:
    steps = [Step(session(WORK), ACCESS, None, WORK), Step(LAMBDA, WORK, None)]
    assert paths_to(ACCESS, steps) == [(LAMBDA, WORK, ACCESS)]


def test_every_way_is_reported_the_shortest_first() -> None:
    steps = [
        Step(session(WORK), ACCESS, "any", WORK),
        Step(LAMBDA, WORK, None),
        Step(session(OTHER), WORK, None, OTHER),
        Step(TOKEN, ACCESS, "any"),
    ]
    assert paths_to(ACCESS, steps) == [(TOKEN, ACCESS), (session(OTHER), WORK, ACCESS), (LAMBDA, WORK, ACCESS)]


def test_roles_that_become_each_other_end_no_search() -> None:
    steps = [
        Step(session(WORK), ACCESS, None, WORK),
        Step(session(ACCESS), WORK, None, ACCESS),
        Step(session(WORK), WORK, None, WORK),
        Step(LAMBDA, WORK, None),
    ]
    assert paths_to(ACCESS, steps) == [(LAMBDA, WORK, ACCESS)]


def test_a_role_that_no_step_reaches_has_no_path() -> None:
    assert paths_to(OTHER, [Step(LAMBDA, WORK, None)]) == []


def test_many_roles_that_all_become_each_other_cost_no_more_than_their_steps() -> None:
    roles = [f"arn:aws:iam::1:role/r{number}" for number in range(60)]
    steps = [Step(session(one), other, None, one) for one in roles for other in roles]
    steps.append(Step(LAMBDA, roles[7], None))
    assert paths_to(roles[0], steps) == [(LAMBDA, roles[7], roles[0])]
