"""Who may ask: every kind of principal that IAM knows, and what each alone puts into a request's context.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (principal properties)
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (aws:userid, aws:username by kind)
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (characters of names and paths)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from tenant_keys.review.second_opinion.terms import (
    ANY_CHARACTER,
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
_LETTERS: Final = characters("az", "AZ", "09", "+", "=", ",", ".", "@", "_", "-")
_NAME: Final = some(_LETTERS)
"""Of a role or a user."""
_NAME_OF_SESSION: Final = sequence(_LETTERS, _NAME)
"""Of a session or a federated user, of two characters at least (STS API, AssumeRole and GetFederationToken)."""
_LONGEST: Final = 64
SESSION_NAME: Final = "sts:rolesessionname"
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
_OF_PRINCIPALS: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:userid",
        "aws:username",
        "kms:calleraccount",
    }
)
TAG: Final = "aws:principaltag/"
CERTIFICATES: Final = "rolesanywhere.amazonaws.com"


@dataclass(frozen=True)
class Accounts:
    """What the manifest says of accounts."""

    organization: str | None
    known: tuple[str, ...]
    partition: str = "aws"
    """Of all of them: no principal of another partition is visible."""


@dataclass
class Principal:
    """One kind of principal, with what is open of it. What no document asks for is never opened."""

    kind: str
    label: str
    account: Text = ""
    arn: Text = ""
    """aws:PrincipalArn; a service's name; a provider's ARN."""
    arn_parts: tuple[Text, ...] | None = None
    resource: Text = ""
    """What follows the account in its ARN."""
    name: Text = ""
    """The last part of the ARN."""
    own_tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of the role, in lower case: a session has them, with these values unless it brings others."""
    tagged: bool = False
    identity: tuple[tuple[str, Mapping[str, Any]], ...] | None = None
    """Its identity-based policies by name; None where they may be any: then they allow everything."""
    accounts: Accounts = field(default_factory=lambda: Accounts(None, ()))
    limits: list[Formula] = field(default_factory=list)
    opened: dict[str, Value] = field(default_factory=dict)
    """Context keys that the principal decides, as far as a document asks for them."""

    @property
    def in_account(self) -> bool:
        """Whether it belongs to an account, whose policies bear on it."""
        return self.kind in IN_ACCOUNT

    @cached_property
    def session(self) -> Text:
        """The name of the session of a role."""
        made = text("session")
        self.limits.append(is_in(made, _NAME_OF_SESSION))
        return made

    def decides(self, key: str) -> bool:
        """Whether the principal alone decides the context key."""
        return key in _OF_PRINCIPALS

    def value(self, key: str) -> Value:
        """The value of a context key that it decides; absent where the guide lists the key for other kinds alone."""
        if key not in self.opened:
            self.opened[key] = self._open(key)
        return self.opened[key]

    def _open(self, key: str) -> Value:
        match key:
            case "aws:principalorgid" if self.in_account:
                return self._organization(key)
            case "aws:principalarn" if self.in_account:
                return Value(key, True, self.arn, self.arn_parts)
            case "aws:principalaccount" | "kms:calleraccount" if self.in_account:
                return Value(key, True, self.account)
            case "aws:principalaccount" | "aws:userid" if self.kind == ANONYMOUS:
                return Value(key, True, "anonymous")
            case "aws:principalservicename" if self.kind == SERVICE:
                return Value(key, True, self.arn)
            case "aws:username" if self.kind == USER:
                return Value(key, True, self.name)
            case "aws:principaltype" if self.kind in _TYPES:
                return Value(key, True, _TYPES[self.kind])
            case "aws:principalisawsservice":
                return Value(key, True, "true" if self.kind == SERVICE else "false")
            case "aws:userid" if self.in_account:
                return Value(key, True, self._userid())
        return Value(key, False, "")

    def _userid(self) -> Text:
        if self.kind == ROOT:
            return self.account
        if self.kind == FEDERATED_USER:
            return joined([self.account, ":", self.name])
        unique_id = text("unique id")
        start = exactly("AIDA" if self.kind == USER else "AROA")
        self.limits.append(is_in(unique_id, sequence(start, _UNIQUE_ID)))
        return unique_id if self.kind == USER else joined([unique_id, ":", self.session])

    def _organization(self, key: str) -> Value:
        """An account of the manifest is in the manifest's organization; any other may be in any, or in none."""
        organization = self.accounts.organization
        known = any_of(equal(self.account, one) for one in self.accounts.known) if organization else False
        if known is True:
            return Value(key, True, organization)
        value = Value.chosen(key, of=ORGANIZATION_ID)
        self.limits.append(any_of([negate(known), all_of([value.present, equal(value.held(), organization or "")])]))
        return value


def session_name(present: Formula | None) -> Value:
    """The name that a caller gives to a session; `present`: whether the request has one, None where that is open."""
    return Value.chosen(SESSION_NAME, present=present, of=_NAME_OF_SESSION, longest=_LONGEST)


def role(arn: str, accounts: Accounts, *, tags: Mapping[str, str], identity: Any) -> Principal:
    """A session of a role whose ARN is known."""
    resource = arn.split(":", 5)[5]
    return Principal(
        ROLE,
        f"a session of {resource}",
        account=arn.split(":")[4],
        arn=arn,
        resource=resource,
        name=resource.rpartition("/")[2],
        own_tags={key.lower(): value for key, value in tags.items()},
        tagged=True,
        identity=identity,
        accounts=accounts,
    )


def any_of_kind(kind: str, accounts: Accounts, *, but: Iterable[str] = ()) -> Principal:
    """Any principal of a kind that belongs to accounts. `but`: ARNs of roles that are asked about one by one."""
    made = Principal(kind, f"some {kind}", account=text("account"), tagged=kind != ROOT, accounts=accounts)
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
        made.limits.append(is_in(made.name, _NAME_OF_SESSION if kind == FEDERATED_USER else _NAME))
        inside: Text = ""
        if path is not None:
            inside = text("path")
            made.limits.append(is_in(inside, path))
        made.resource = joined([prefix, inside, made.name])
    made.arn = joined([f"arn:{accounts.partition}:{service}::", made.account, ":", made.resource])
    for arn in but:
        account, resource = arn.split(":", 5)[4:]
        made.limits.append(negate(all_of([equal(made.account, account), equal(made.resource, resource)])))
    made.arn_parts = ("arn", accounts.partition, service, "", made.account, made.resource)
    return made


def any_role_below(stem: str, accounts: Accounts, *, but: Iterable[str] = (), ending: Language = _NAME) -> Principal:
    """A session of a role whose ARN is the stem and the end of a name: one of `any_of_kind`, found sooner."""
    account, begins = stem.split(":", 5)[4:]
    made = Principal(ROLE, f"some role session of {begins}...", account=account, tagged=True, accounts=accounts)
    end = text("end of the role's name")
    made.resource = joined([begins, end])
    made.limits.append(is_in(end, ending))
    made.arn = joined([f"arn:{accounts.partition}:iam::{account}:", made.resource])
    made.limits += [negate(equal(made.arn, arn)) for arn in but]
    made.arn_parts = ("arn", accounts.partition, "iam", "", account, made.resource)
    return made


def service() -> Principal:
    """An AWS service that asks in its own name."""
    name = text("service")
    return Principal(
        SERVICE, "some service", arn=name, limits=[is_in(name, _SERVICE), negate(equal(name, CERTIFICATES))]
    )


def anonymous() -> Principal:
    """A request that is not signed."""
    return Principal(ANONYMOUS, "anonymous")


def certificate_holder() -> Principal:
    """The holder of a certificate, for whom IAM Roles Anywhere asks with the certificate's names as principal tags."""
    return Principal(SERVICE, "a holder of a certificate", arn=CERTIFICATES, tagged=True)


def token(provider: str) -> Principal:
    """The holder of a token of an identity provider, who has no role yet."""
    return Principal(TOKEN, f"a token of {provider}", arn=provider)


def token_of_another(account: str, partition: str, known: Iterable[str]) -> Principal:
    """The holder of a token of an OpenID Connect provider of the account that is not among those known."""
    arn = joined([f"arn:{partition}:iam::{account}:oidc-provider/", text("issuer")])
    return Principal(
        TOKEN, "a token of some other provider", arn=arn, limits=[negate(equal(arn, one)) for one in known]
    )


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
    return all_of(
        [equal(principal.account, account), is_in(principal.resource, named), equal(principal.session, session)]
    )


def is_one_of(principal: Principal, arns: Iterable[str]) -> Formula:
    """Whether it is a session of one of these roles, or one of these users."""
    found = []
    for arn in arns:
        account, resource = arn.split(":", 5)[4:]
        named = equal(principal.resource, resource)
        if "?" in resource:  # of a permission set: AWS chooses the characters at the end
            chosen = [ANY_CHARACTER] * resource.count("?")
            named = is_in(principal.resource, sequence(exactly(resource.rstrip("?")), *chosen))
        found.append(all_of([equal(principal.account, account), named]))
    return any_of(found) if principal.in_account else False
