"""Every case file says what AWS decides; the evaluator must say the same, for the same statements."""

import json
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.iam import Grant, Outcome, Policies, Policy, Principal, PrincipalKind, Request, authorize
from tenant_keys.review.iam.decision import PolicyKind

CASES = Path(__file__).parents[2] / "cases"
FILES = sorted(CASES.glob("ALLOW/*.json")) + sorted(CASES.glob("DENY/*.json"))
FIELDS = {"why", "source", "request", "policies", "expected", "deciding"}


def test_there_are_enough_cases() -> None:
    """A runner that finds no cases proves nothing."""
    assert len(FILES) >= 240
    assert {file.parent.name for file in FILES} == {"ALLOW", "DENY"}
    assert not [path for path in CASES.rglob("*.json") if path not in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_case(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    assert set(case) <= FIELDS
    assert case["why"].endswith(".")
    assert case["source"].startswith("https://docs.aws.amazon.com/")
    expected = "ALLOWED" if file.parent.name == "ALLOW" else case["expected"]
    assert ("expected" in case) == (file.parent.name == "DENY")
    decision = authorize(_request(case["request"]), _policies(case["policies"]))
    assert decision.outcome is Outcome(expected), decision
    assert sorted(decider.sid or decider.policy for decider in decision.deciders) == sorted(case["deciding"])
    assert decision.allowed == (expected == "ALLOWED")


def _request(raw: dict[str, Any]) -> Request:
    principal = dict(raw.pop("principal"))
    kind = PrincipalKind[principal.pop("kind")]
    context = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.pop("context", {}).items()}
    return Request(principal=Principal(kind, **principal), context=context, **raw)


def _policies(raw: dict[str, Any]) -> Policies:
    def several(name: str, kind: PolicyKind, documents: list[Any]) -> tuple[Policy, ...]:
        return tuple(
            Policy.parse(document, name=f"{name}[{index}]", kind=kind) for index, document in enumerate(documents)
        )

    def one(kind: PolicyKind) -> Policy | None:
        return Policy.parse(raw[kind], name=kind, kind=kind) if kind in raw else None

    assert set(raw) <= {"identity", "boundary", "session", "resource", "scps", "rcps", "grants"}
    return Policies(
        identity=several("identity", "identity", raw.get("identity", [])),
        boundary=one("boundary"),
        session=several("session", "session", raw["session"]) if "session" in raw else None,
        resource=one("resource"),
        scps=tuple(several(f"scps[{at}]", "scp", level) for at, level in enumerate(raw.get("scps", []))),
        rcps=tuple(several(f"rcps[{at}]", "rcp", level) for at, level in enumerate(raw.get("rcps", []))),
        grants=tuple(Grant(**{**grant, "operations": tuple(grant["operations"])}) for grant in raw.get("grants", [])),
    )
