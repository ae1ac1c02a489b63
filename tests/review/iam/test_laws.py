"""Laws that hold for every request and every set of policies, whatever the statements say."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tenant_keys.review.iam import Grant, Outcome, Policies, Policy, Principal, PrincipalKind, Request, authorize
from tenant_keys.review.iam.decision import PolicyKind

HERE, THERE = "111111111111", "222222222222"
KEYS = [f"arn:aws:kms:eu-west-1:{HERE}:key/{name}" for name in ("a", "b")]
ACTIONS = ["kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:PutKeyPolicy"]
Statement = dict[str, Any]


def _session(name: str, account: str, tags: dict[str, str]) -> Principal:
    return Principal(
        PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/i",
        account=account,
        role_arn=f"arn:aws:iam::{account}:role/{name}",
        organization="o-1" if account == HERE else None,
        tags=tags,
    )


PRINCIPALS = [
    _session("app", HERE, {"tenant": "a"}),
    _session("app", HERE, {}),
    _session("ops", HERE, {"tenant": "b"}),
    _session("app", THERE, {"tenant": "a"}),
    Principal(PrincipalKind.USER, arn=f"arn:aws:iam::{HERE}:user/ann", account=HERE),
    Principal(PrincipalKind.ROOT_USER, arn=f"arn:aws:iam::{HERE}:root", account=HERE),
    Principal(PrincipalKind.SERVICE, arn="logs.amazonaws.com"),
    Principal(PrincipalKind.ANONYMOUS),
]
NAMES: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": f"arn:aws:iam::{HERE}:root"},
    {"AWS": THERE},
    {"AWS": [f"arn:aws:iam::{HERE}:role/app", f"arn:aws:iam::{THERE}:role/app"]},
    {"AWS": f"arn:aws:sts::{HERE}:assumed-role/app/i"},
    {"AWS": f"arn:aws:iam::{HERE}:user/ann"},
    {"Service": "logs.amazonaws.com"},
]
CONDITIONS: list[Statement] = [
    {"StringEquals": {"kms:RequestAlias": "alias/a"}},
    {"StringNotEquals": {"kms:RequestAlias": "alias/a"}},
    {"StringEqualsIfExists": {"kms:RequestAlias": ["alias/a", "alias/b"]}},
    {"StringLike": {"kms:RequestAlias": "alias/${aws:PrincipalTag/tenant}"}},
    {"StringNotLike": {"kms:RequestAlias": "alias/${aws:PrincipalTag/tenant, 'b'}"}},
    {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HERE}:role/app"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/a"}},
    {"ForAllValues:StringNotEquals": {"kms:ResourceAliases": "alias/a"}},
    {"ForAnyValue:StringNotEqualsIfExists": {"kms:ResourceAliases": ["alias/b"]}},
    {"Null": {"kms:ResourceAliases": "true"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:PrincipalTag/tenant": "a"}},
]
ACTION_LISTS = st.lists(st.sampled_from([*ACTIONS, "kms:*", "kms:?ncrypt", "*"]), min_size=1, max_size=3, unique=True)
RESOURCES = st.sampled_from(
    ["*", *KEYS, f"arn:aws:kms:*:{HERE}:key/*", "arn:aws:kms:*:*:key/${aws:PrincipalTag/tenant}"]
)


@st.composite
def statements(draw: st.DrawFn, *, named: bool) -> Statement:
    effect = draw(st.sampled_from(["Allow", "Allow", "Deny"]))
    statement: Statement = {"Effect": effect}
    if named:
        inverted = effect == "Deny" and draw(st.booleans())
        statement["NotPrincipal" if inverted else "Principal"] = draw(st.sampled_from(NAMES))
    statement[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(ACTION_LISTS)
    statement[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(RESOURCES)
    if draw(st.booleans()):
        statement["Condition"] = draw(st.sampled_from(CONDITIONS))
    return statement


def _documents(*, named: bool) -> st.SearchStrategy[list[Statement]]:
    return st.lists(statements(named=named), min_size=1, max_size=4)


WIDE: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Any]:
    """The raw documents of all kinds: what `_policies` compiles. Every other estate allows whatever nothing denies."""
    optional = st.none() | _documents(named=False)
    wide = draw(st.booleans())

    def beside(documents: list[Statement] | None, **named: object) -> list[Statement] | None:
        return [*documents, {**WIDE, **named}] if wide and documents is not None else documents

    return {
        "resource": beside(draw(_documents(named=True)), Principal="*"),
        "identity": beside(draw(_documents(named=False))),
        "session": beside(draw(optional)),
        "boundary": beside(draw(optional)),
        "scp": beside(draw(optional)),
        "grants": draw(st.lists(st.sampled_from([f"arn:aws:iam::{HERE}:role/app", PRINCIPALS[2].arn]), max_size=1)),
    }


@st.composite
def requests(draw: st.DrawFn) -> Request:
    context: dict[str, str | tuple[str, ...]] = {}
    if draw(st.booleans()):
        context["kms:RequestAlias"] = draw(st.sampled_from(["alias/a", "alias/b", "alias/*"]))
    if draw(st.booleans()):
        context["kms:ResourceAliases"] = draw(st.sampled_from([("alias/a",), ("alias/b", "alias/a"), ("alias/b",), ()]))
    principal = draw(st.sampled_from(PRINCIPALS))
    return Request(principal, draw(st.sampled_from(ACTIONS)), draw(st.sampled_from(KEYS)), HERE, context)


def _parse(raw: list[Statement] | None, kind: PolicyKind) -> Policy | None:
    return Policy.parse({"Version": "2012-10-17", "Statement": raw}, name=kind, kind=kind) if raw else None


def _decide(request: Request, estate: dict[str, Any]) -> Outcome:
    identity, session, scp = (
        _parse(estate["identity"], "identity"),
        _parse(estate["session"], "session"),
        _parse(estate["scp"], "scp"),
    )
    policies = Policies(
        identity=(identity,) if identity else (),
        boundary=_parse(estate["boundary"], "boundary"),
        session=(session,) if session else None,
        # A key always has a key policy: without statements of its own it says nothing about anyone.
        resource=_parse(
            estate["resource"] or [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}], "resource"
        ),
        scps=((scp,),) if scp else (),
        grants=tuple(Grant(grantee, ("Decrypt",)) for grantee in estate["grants"]),
    )
    return authorize(request, policies).outcome


def _allowed(request: Request, estate: dict[str, Any]) -> bool:
    return _decide(request, estate) is Outcome.ALLOWED


MET: Final[list[None]] = []
"""One entry for each example whose premise held."""


def met_at_least(number: int) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A law that holds because its premise hardly ever does proves nothing: count the examples in which it did."""

    def counted(law: Callable[[], None]) -> Callable[[], None]:
        def test() -> None:
            MET.clear()
            law()
            assert len(MET) >= number

        test.__doc__ = law.__doc__
        return test

    return counted


KINDS = ["resource", "identity", "session", "boundary", "scp"]
GRANTING = ["resource", "identity"]


@met_at_least(60)
@given(requests(), estates(), st.sampled_from(GRANTING), st.integers(0, 3))
@settings(max_examples=250)
def test_removing_an_allow_never_grants(request: Request, estate: dict[str, Any], kind: str, at: int) -> None:
    raw = estate[kind]
    if at >= len(raw) or raw[at]["Effect"] != "Allow":
        return
    MET.append(None)
    less = {**estate, kind: raw[:at] + raw[at + 1 :]}
    assert not (_allowed(request, less) and not _allowed(request, estate))


@met_at_least(60)
@given(requests(), estates(), st.sampled_from(KINDS), st.data())
@settings(max_examples=250)
def test_adding_a_deny_never_grants(request: Request, estate: dict[str, Any], kind: str, data: st.DataObject) -> None:
    deny = {**data.draw(statements(named=kind == "resource")), "Effect": "Deny"}
    if estate[kind] is None:
        return
    MET.append(None)
    more = {**estate, kind: [*estate[kind], deny]}
    assert not (_allowed(request, more) and not _allowed(request, estate))


@met_at_least(30)
@given(requests(), estates(), st.sampled_from(["session", "boundary", "scp"]))
@settings(max_examples=250)
def test_a_limiting_policy_only_limits(request: Request, estate: dict[str, Any], kind: str) -> None:
    estate = {**estate, kind: estate[kind] or [WIDE]}
    if _allowed(request, estate):
        MET.append(None)
        assert _allowed(request, {**estate, kind: None})


@met_at_least(60)
@given(requests(), estates(), _documents(named=False))
@settings(max_examples=200)
def test_a_session_policy_without_a_deny_does_not_limit_what_names_the_session_or_everyone(
    request: Request, estate: dict[str, Any], session: list[Statement]
) -> None:
    """The documented exception: such a grant loses to an explicit deny only."""
    if request.principal.account != HERE:
        return
    MET.append(None)
    allows = [statement for statement in session if statement["Effect"] == "Allow"] or None
    for named in ("*", {"AWS": request.principal.arn}):
        if request.principal.kind is PrincipalKind.ROOT_USER and named != "*":
            continue
        wide = {**estate, "resource": [*estate["resource"], {**WIDE, "Principal": named}]}
        without = _decide(request, {**wide, "session": None})
        assert _decide(request, {**wide, "session": allows}) is without


@given(requests(), estates(), st.randoms())
@settings(max_examples=200)
def test_the_order_of_statements_does_not_matter(request: Request, estate: dict[str, Any], random: Any) -> None:
    shuffled = {kind: list(estate[kind]) if estate[kind] else estate[kind] for kind in (*KINDS, "grants")}
    for kind in KINDS:
        if shuffled[kind]:
            random.shuffle(shuffled[kind])
    assert _decide(request, shuffled) is _decide(request, estate)


@given(requests(), estates())
@settings(max_examples=200)
def test_splitting_the_actions_of_a_statement_does_not_matter(request: Request, estate: dict[str, Any]) -> None:
    split = dict(estate)
    for kind in KINDS:
        if estate[kind]:
            split[kind] = [
                {**statement, "Action": action} if "Action" in statement else statement
                for statement in estate[kind]
                for action in statement.get("Action", ["*"])
            ]
    assert _decide(request, split) is _decide(request, estate)


@met_at_least(60)
@given(requests(), estates(), st.sampled_from(KINDS), st.integers(0, 3), st.sampled_from(CONDITIONS))
@settings(max_examples=300)
def test_a_condition_weakens_a_statement(
    request: Request, estate: dict[str, Any], kind: str, at: int, condition: Statement
) -> None:
    raw = estate[kind]
    if not raw or at >= len(raw) or "Condition" in raw[at]:
        return
    MET.append(None)
    weaker = {**estate, kind: [*raw[:at], {**raw[at], "Condition": condition}, *raw[at + 1 :]]}
    before, after = _allowed(request, estate), _allowed(request, weaker)
    assert after <= before if raw[at]["Effect"] == "Allow" else before <= after


@met_at_least(40)
@given(requests(), statements(named=False))
@settings(max_examples=300)
def test_what_a_deny_covers_an_allow_with_the_same_words_covers(request: Request, statement: Statement) -> None:
    """Where a rule is open, an Allow covers more and a Deny less, never the other way round."""
    anyone: Statement = {**WIDE, "Principal": "*"}
    denying = {**statement, "Principal": "*", "Effect": "Deny"}
    none: dict[str, Any] = {"identity": None, "session": None, "boundary": None, "scp": None, "grants": []}
    denied = _decide(request, {**none, "resource": [anyone, denying]}) is Outcome.EXPLICIT_DENY
    if denied and request.principal.account in (HERE, None):
        MET.append(None)
        assert _allowed(request, {**none, "resource": [{**statement, "Principal": "*", "Effect": "Allow"}]})


@met_at_least(40)
@given(requests(), estates())
@settings(max_examples=200)
def test_a_grant_never_takes_away(request: Request, estate: dict[str, Any]) -> None:
    if _allowed(request, {**estate, "grants": []}):
        MET.append(None)
        assert _allowed(request, {**estate, "grants": [request.principal.arn or "nobody"]})


@given(requests(), estates())
@settings(max_examples=100)
def test_names_of_actions_and_keys_ignore_case(request: Request, estate: dict[str, Any]) -> None:
    shouted = Request(
        request.principal,
        request.action.upper(),
        request.resource,
        request.resource_account,
        {key.upper(): value for key, value in request.context.items()},
    )
    assert _decide(shouted, estate) is _decide(request, estate)
