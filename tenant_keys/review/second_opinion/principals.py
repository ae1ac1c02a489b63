"""Who may ask: every kind of principal that IAM knows, and what each alone puts into a request's context.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (principal properties)
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (aws:userid, aws:username by kind)
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (characters of names and paths)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tenant_keys.review.second_opinion.terms import (
    Formula,
    Language,
    Text,
    all_of,
    any_of,
    characters,
    equal,
    exactly,
    is_in,
    joined,
    many,
    negate,
    optional,
    sequence,
    some,
    text,
    times,
)
from tenant_keys.review.second_opinion.values import Value

ROLE, USER, FEDERATED_USER, ROOT, SERVICE, ANONYMOUS, TOKEN = (
    "role session",
    "user",
    "federated user",
    "root user",
    "service",
    "anonymous",
    "token",
)
_DIGITS: Final = characters("09")
_NAME: Final = some(characters("az", "AZ", "09", "+", "=", ",", ".", "@", "_", "-"))
"""Of a role, a user, a session."""
_PATH: Final = optional(sequence(some(characters("!~")), exactly("/")))
ACCOUNT_ID: Final = times(_DIGITS, 12, 12)
ORGANIZATION_ID: Final = sequence(exactly("o-"), times(characters("az", "09"), 10, 32))
_UNIQUE_ID: Final = times(characters("AZ", "09"), 17, 17)
_SERVICE: Final = sequence(some(characters("az", "09", "-", ".")), exactly(".amazonaws.com"))
TAG_VALUE: Final = many(
    characters("az", "AZ", "09", " ", "_", ".", ":", "/", "=", "+", "-", "@", "\xc0\xd6", "\xd8\xf6", "\xf8\u02af")
)
"""Letters, digits, spaces and `_ . : / = + - @` (STS API, Tag); of letters beyond ASCII, the Latin ones."""
_TYPES: Final = {
    ROLE: "AssumedRole",
    USER: "User",
    FEDERATED_USER: "FederatedUser",
    ROOT: "Account",
    ANONYMOUS: "Anonymous",
}
IN_ACCOUNT: Final = frozenset({ROLE, USER, FEDERATED_USER, ROOT})
TAG: Final = "aws:principaltag/"


@dataclass
class Principal:
    """One kind of principal, with what is open of it."""

    kind: str
    label: str
    account: Text = ""
    arn: Text = ""
    """aws:PrincipalArn; a service's name; a provider's ARN."""
    resource: Text = ""
    """What follows the account in its ARN."""
    name: Text = ""
    """The last part of the ARN."""
    session: Text = ""
    unique_id: Text = ""
    fixed: dict[str, Value] = field(default_factory=dict)
    """Context keys that the principal alone decides, `aws:PrincipalTag/` apart."""
    own_tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of the role, in lower case: a session has them, with these values unless it brings others."""
    tagged: bool = False
    identity: tuple[tuple[str, Mapping[str, Any]], ...] | None = None
    """Its identity-based policies by name; None where they may be any: then they allow everything."""
    limits: list[Formula] = field(default_factory=list)

    @property
    def in_account(self) -> bool:
        """Whether it belongs to an account, whose policies bear on it."""
        return self.kind in IN_ACCOUNT


@dataclass(frozen=True)
class Accounts:
    """What the manifest says of accounts."""

    organization: str | None
    known: tuple[str, ...]


def role(arn: str, accounts: Accounts, *, tags: Mapping[str, str], identity: Any) -> Principal:
    """A session of a role whose ARN is known."""
    resource = arn.split(":", 5)[5]
    made = Principal(
        ROLE,
        f"a session of {resource}",
        account=arn.split(":")[4],
        arn=arn,
        resource=resource,
        name=resource.rpartition("/")[2],
        own_tags={key.lower(): value for key, value in tags.items()},
        tagged=True,
        identity=identity,
    )
    return _in_account(made, accounts, parts=None)


def any_of_kind(kind: str, accounts: Accounts, *, but: Iterable[str] = ()) -> Principal:
    """Any principal of a kind that belongs to accounts. `but`: ARNs of roles that are asked about one by one."""
    made = Principal(kind, f"some {kind}", account=text("account"), tagged=kind != ROOT)
    made.limits.append(is_in(made.account, ACCOUNT_ID))
    service, prefix, path = {
        ROLE: ("iam", "role/", _PATH),
        USER: ("iam", "user/", _PATH),
        FEDERATED_USER: ("sts", "federated-user/", None),
        ROOT: ("iam", "root", None),
    }[kind]
    if kind == ROOT:
        made.resource = "root"
    elif kind == ROLE:
        made.resource = text("role")
        made.limits.append(is_in(made.resource, sequence(exactly(prefix), _PATH, _NAME)))
    else:
        made.name = text("name")
        made.limits.append(is_in(made.name, _NAME))
        inside: Text = ""
        if path is not None:
            inside = text("path")
            made.limits.append(is_in(inside, path))
        made.resource = joined([prefix, inside, made.name])
    made.arn = joined([f"arn:aws:{service}::", made.account, ":", made.resource])
    for arn in but:
        account, resource = arn.split(":", 5)[4:]
        made.limits.append(negate(all_of([equal(made.account, account), equal(made.resource, resource)])))
    return _in_account(made, accounts, parts=("arn", "aws", service, "", made.account, made.resource))


def _in_account(made: Principal, accounts: Accounts, parts: tuple[Text, ...] | None) -> Principal:
    fixed = made.fixed
    fixed["aws:principalarn"] = Value("aws:PrincipalArn", True, made.arn, parts)
    for key in ("aws:principalaccount", "kms:calleraccount"):
        fixed[key] = Value(key, True, made.account)
    _organization(made, accounts)
    made.unique_id = text("unique id")
    made.session = text("session") if made.kind == ROLE else ""
    limits = [is_in(made.unique_id, sequence(exactly("AIDA" if made.kind == USER else "AROA"), _UNIQUE_ID))]
    if made.kind == ROLE:
        limits.append(is_in(made.session, sequence(_NAME, _NAME)))
    made.limits += limits
    userid = {
        ROLE: lambda: joined([made.unique_id, ":", made.session]),
        USER: lambda: made.unique_id,
        FEDERATED_USER: lambda: joined([made.account, ":", made.name]),
        ROOT: lambda: made.account,
    }[made.kind]()
    fixed["aws:userid"] = Value("aws:userid", True, userid)
    return _common(made, {"aws:username": made.name} if made.kind == USER else {})


def _organization(made: Principal, accounts: Accounts) -> None:
    """An account of the manifest is in the manifest's organisation; any other account may be in any, or in none."""
    key = "aws:principalorgid"
    known = any_of(equal(made.account, one) for one in accounts.known) if accounts.organization else False
    if known is True:
        made.fixed[key] = Value(key, True, accounts.organization)
        return
    value = Value.chosen(key, of=ORGANIZATION_ID)
    made.fixed[key] = value
    made.limits.append(
        any_of([negate(known), all_of([value.present, equal(value.held(), accounts.organization or "")])])
    )


def service() -> Principal:
    """An AWS service that asks in its own name."""
    name = text("service")
    made = Principal(SERVICE, "some service", arn=name, limits=[is_in(name, _SERVICE)])
    return _common(made, {"aws:principalservicename": name})


def anonymous() -> Principal:
    """A request that nobody signed."""
    made = Principal(ANONYMOUS, "anonymous")
    return _common(made, {"aws:principalaccount": "anonymous", "aws:userid": "anonymous"})


def token(provider: str) -> Principal:
    """The holder of a token of an identity provider, who has no role yet."""
    return _common(Principal(TOKEN, f"a token of {provider}", arn=provider), {})


_OF_PRINCIPALS: Final = (
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:userid",
    "aws:username",
    "kms:calleraccount",
)


def _common(made: Principal, more: Mapping[str, Text]) -> Principal:
    """What is left: absent where the guide lists the key for other kinds alone."""
    for key, held in more.items():
        made.fixed[key] = Value(key, True, held)
    made.fixed["aws:principalisawsservice"] = Value("", True, "true" if made.kind == SERVICE else "false")
    if made.kind in _TYPES:
        made.fixed["aws:principaltype"] = Value("aws:PrincipalType", True, _TYPES[made.kind])
    for key in _OF_PRINCIPALS:
        made.fixed.setdefault(key, Value(key, False, ""))
    return made


# Who is named.


@dataclass(frozen=True, slots=True)
class Naming:
    """How an element names a principal: grants to it directly, to its role, or delegates to its account."""

    directly: Formula = False
    as_role: Formula = False
    by_account: Formula = False

    @property
    def at_all(self) -> Formula:
        """Whether it names the principal."""
        return any_of([self.directly, self.as_role, self.by_account])


def session_of(principal: Principal, account: str, role_name: str, session: str) -> Formula:
    """Whether it is that session of a role of that name."""
    if principal.kind != ROLE:
        return False
    named: Language = sequence(exactly("role/"), _PATH, exactly(role_name))
    return all_of([equal(principal.account, account), is_in(principal.resource, named), equal(principal.session, session)])


def is_one_of(principal: Principal, arns: Iterable[str]) -> Formula:
    """Whether it is a session of one of these roles, or one of these users."""
    found = []
    for arn in arns:
        account, resource = arn.split(":", 5)[4:]
        found.append(all_of([equal(principal.account, account), equal(principal.resource, resource)]))
    return any_of(found) if principal.in_account else False


