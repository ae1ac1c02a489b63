"""Laws that hold for every request and every set of policies, whatever the statements say."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.review.iam import Grant, Outcome, Policies, Policy, Principal, PrincipalKind, Request, authorize
from tenant_keys.review.iam.decision import PolicyKind
from tests.premise import met, met_at_least
from tests.sampled import examples

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
def statements(draw: st.DrawFn, *effects: str, named: bool) -> Statement:
    effect = draw(st.sampled_from(effects or ["Allow", "Allow", "Deny"]))
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
    return st.lists(statements(named=named), min_size=1, max_size=3)


WIDE: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Any]:
    """The raw documents of all kinds: what `_decide` compiles. Every other estate allows whatever nothing denies."""
    optional = st.none() | _documents(named=False)
    wide = draw(st.booleans())

    def beside(documents: list[Statement] | None, **named: object) -> list[Statement] | None:
        return [*documents, {**WIDE, **named}] if wide and documents is not None else documents

    return {
        "resource": beside([draw(statements("Allow", named=True)), *draw(_documents(named=True))], Principal="*"),
        "identity": beside(draw(_documents(named=False))),
        "session": beside(draw(optional)),
        "boundary": beside(draw(optional)),
        "scp": beside(draw(optional)),
        "grants": draw(st.lists(st.sampled_from([f"arn:aws:iam::{HERE}:role/app", PRINCIPALS[2].arn]), max_size=1)),
    }


@st.composite
def requests(draw: st.DrawFn, principals: list[Principal] = PRINCIPALS) -> Request:
    context: dict[str, str | tuple[str, ...]] = {}
    if draw(st.booleans()):
        context["kms:RequestAlias"] = draw(st.sampled_from(["alias/a", "alias/b", "alias/*"]))
    if draw(st.booleans()):
        context["kms:ResourceAliases"] = draw(st.sampled_from([("alias/a",), ("alias/b", "alias/a"), ("alias/b",), ()]))
    principal = draw(st.sampled_from(principals))
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


KINDS = ["resource", "identity", "session", "boundary", "scp"]
GRANTING = ["resource", "identity"]


EXAMPLES = examples(200)


def _statements_of(estate: dict[str, Any], kinds: list[str], *effects: str) -> list[tuple[str, int]]:
    """The kind of policy and the index of each statement that has one of the effects."""
    return [(kind, at) for kind in kinds for at, one in enumerate(estate[kind] or ()) if one["Effect"] in effects]


def _allows_no_more(request: Request, less: dict[str, Any], more: dict[str, Any]) -> None:
    """Whatever the first estate allows, the second allows."""
    if _allowed(request, less):
        met("allowed")
        assert _allowed(request, more)


def _decides_alike(
    request: Request, estate: dict[str, Any], other: dict[str, Any], asked: Request | None = None
) -> None:
    outcome = _decide(request, estate)
    met(outcome.name.lower())
    assert _decide(asked or request, other) is outcome


EVERY_OUTCOME = met_at_least(allowed=20, explicit_deny=12, implicit_deny=12)


@met_at_least(allowed=20)
@EXAMPLES
@given(requests(), estates(), st.data())
def test_removing_an_allow_never_grants(request: Request, estate: dict[str, Any], data: st.DataObject) -> None:
    kind, at = data.draw(st.sampled_from(_statements_of(estate, GRANTING, "Allow")))
    less = {**estate, kind: estate[kind][:at] + estate[kind][at + 1 :]}
    _allows_no_more(request, less, estate)


@met_at_least(allowed=20)
@EXAMPLES
@given(requests(), estates(), st.data())
def test_adding_a_deny_never_grants(request: Request, estate: dict[str, Any], data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([kind for kind in KINDS if estate[kind]]))
    deny = data.draw(statements("Deny", named=kind == "resource"))
    _allows_no_more(request, {**estate, kind: [*estate[kind], deny]}, estate)


@met_at_least(allowed=20)
@EXAMPLES
@given(requests(), estates(), st.sampled_from(["session", "boundary", "scp"]))
def test_a_limiting_policy_only_limits(request: Request, estate: dict[str, Any], kind: str) -> None:
    _allows_no_more(request, {**estate, kind: estate[kind] or [WIDE]}, {**estate, kind: None})


@EXAMPLES
@given(requests([one for one in PRINCIPALS if one.account == HERE]), estates(), _documents(named=False))
def test_a_session_policy_without_a_deny_does_not_limit_what_names_the_session_or_everyone(
    request: Request, estate: dict[str, Any], session: list[Statement]
) -> None:
    """The documented exception: such a grant loses to an explicit deny only."""
    allows = [statement for statement in session if statement["Effect"] == "Allow"] or None
    for named in ("*", {"AWS": request.principal.arn}):
        if request.principal.kind is PrincipalKind.ROOT_USER and named != "*":
            continue
        wide = {**estate, "resource": [*estate["resource"], {**WIDE, "Principal": named}]}
        without = _decide(request, {**wide, "session": None})
        assert _decide(request, {**wide, "session": allows}) is without


@EVERY_OUTCOME
@EXAMPLES
@given(requests(), estates(), st.randoms())
def test_the_order_of_statements_does_not_matter(request: Request, estate: dict[str, Any], random: Any) -> None:
    shuffled = {kind: list(estate[kind]) if estate[kind] else estate[kind] for kind in (*KINDS, "grants")}
    for kind in KINDS:
        if shuffled[kind]:
            random.shuffle(shuffled[kind])
    _decides_alike(request, estate, shuffled)


@EVERY_OUTCOME
@EXAMPLES
@given(requests(), estates())
def test_splitting_the_actions_of_a_statement_does_not_matter(request: Request, estate: dict[str, Any]) -> None:
    split = dict(estate)
    for kind in KINDS:
        if estate[kind]:
            split[kind] = [
                {**statement, "Action": action} if "Action" in statement else statement
                for statement in estate[kind]
                for action in statement.get("Action", ["*"])
            ]
    _decides_alike(request, estate, split)


@met_at_least(allowed=20)
@EXAMPLES
@given(requests(), estates(), st.sampled_from(CONDITIONS), st.data())
def test_a_condition_weakens_a_statement(
    request: Request, estate: dict[str, Any], condition: Statement, data: st.DataObject
) -> None:
    kind, at = data.draw(st.sampled_from(_statements_of(estate, KINDS, "Allow", "Deny")))
    raw = estate[kind]
    plain = {element: value for element, value in raw[at].items() if element != "Condition"}
    without, conditioned = (
        {**estate, kind: [*raw[:at], one, *raw[at + 1 :]]} for one in (plain, {**plain, "Condition": condition})
    )
    less, more = (conditioned, without) if plain["Effect"] == "Allow" else (without, conditioned)
    _allows_no_more(request, less, more)


@met_at_least(denied=12)
@EXAMPLES
@given(requests([one for one in PRINCIPALS if one.account in (HERE, None)]), statements(named=False))
def test_what_a_deny_covers_an_allow_with_the_same_words_covers(request: Request, statement: Statement) -> None:
    """Where a rule is open, an Allow covers more and a Deny less, never the other way round."""
    anyone: Statement = {**WIDE, "Principal": "*"}
    denying = {**statement, "Principal": "*", "Effect": "Deny"}
    none: dict[str, Any] = {"identity": None, "session": None, "boundary": None, "scp": None, "grants": []}
    if _decide(request, {**none, "resource": [anyone, denying]}) is Outcome.EXPLICIT_DENY:
        met("denied")
        assert _allowed(request, {**none, "resource": [{**statement, "Principal": "*", "Effect": "Allow"}]})


@met_at_least(allowed=20)
@EXAMPLES
@given(requests(), estates())
def test_a_grant_never_takes_away(request: Request, estate: dict[str, Any]) -> None:
    granted = {**estate, "grants": [request.principal.arn or "nobody"]}
    _allows_no_more(request, {**estate, "grants": []}, granted)


@EVERY_OUTCOME
@EXAMPLES
@given(requests(), estates())
def test_names_of_actions_and_keys_ignore_case(request: Request, estate: dict[str, Any]) -> None:
    shouted = Request(
        request.principal,
        request.action.upper(),
        request.resource,
        request.resource_account,
        {key.upper(): value for key, value in request.context.items()},
    )
    _decides_alike(request, estate, estate, shouted)
