"""The Principal element of a resource-based policy: whom it names, and how directly.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import lru_cache

from tenant_keys.review import syntax
from tenant_keys.review.iam.errors import UnsupportedPolicy
from tenant_keys.review.iam.principal import Principal, PrincipalKind

_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:iam::)?(\d{12})(?::root)?", re.ASCII)
_NAMED = re.compile(
    r"arn:[a-z-]+:(?:iam::\d{12}:(?:role|user)/|sts::\d{12}:(?:assumed-role|federated-user)/)", re.ASCII
)


class Naming(IntEnum):
    """How a statement names a principal; what an implicit deny elsewhere can still take away differs."""

    NOT = 0
    ACCOUNT = auto()  # delegates to the account's own policies
    ROLE = auto()  # grants, within the limits of the role's boundary and the session's policies
    DIRECT = auto()  # grants to the user, the session, the service or everyone; only an explicit deny takes it away


NOT, ACCOUNT, ROLE, DIRECT = Naming
_FORMS = frozenset({"AWS", "Service", "Federated"})


@dataclass(frozen=True, slots=True)
class Principals:
    """A parsed Principal element."""

    everyone: bool
    every_aws: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    services: frozenset[str]
    federated: frozenset[str]

    def naming(self, principal: Principal, *, allow: bool, widely: bool) -> Naming:
        """How the element of an Allow or a Deny names the principal; `widely`: in doubt it does."""
        # {"AWS": "*"} equals "*" for anonymous users; that it does for services and tokens is not said.
        if self.everyone or (self.every_aws and (widely or principal.kind not in _NOT_AWS)):
            return DIRECT
        kind = principal.kind
        if kind is PrincipalKind.SERVICE:
            return DIRECT if principal.arn in self.services else NOT
        if kind is PrincipalKind.FEDERATED:
            return DIRECT if principal.arn in self.federated else NOT
        if principal.arn in self.arns:
            return DIRECT
        if principal.role_arn is not None and principal.role_arn in self.arns:
            return ROLE
        # Whose session it is, is not in the ARN: any of the users named could be meant.
        if widely and kind is PrincipalKind.FEDERATED_USER and self._names_user_of(principal.account):
            return ROLE
        # Whether denying an account denies its users and roles is not said for every case.
        named = principal.account in self.accounts and (allow or widely or kind is PrincipalKind.ROOT_USER)
        return ACCOUNT if named else NOT

    def spares(self, principal: Principal, *, surely: bool) -> bool:
        """Whether NotPrincipal leaves the principal out.

        To leave a session out a policy lists session, role and account: AWS "might" validate each (IAM guide,
        reference_policies_elements_notprincipal). `surely`: only if all of them are listed.
        """
        if not surely or self.everyone:
            return bool(self.naming(principal, allow=True, widely=not surely))
        if not principal.in_account:
            return bool(self.naming(principal, allow=True, widely=False))
        whole = {principal.arn, principal.role_arn} - {None}
        if principal.kind is PrincipalKind.ROOT_USER:
            whole = set()
        return self.every_aws or (principal.account in self.accounts and whole <= self.arns)

    def _names_user_of(self, account: str | None) -> bool:
        return any(arn.split(":")[4] == account and ":user/" in arn for arn in self.arns)


_NOT_AWS = frozenset({PrincipalKind.SERVICE, PrincipalKind.FEDERATED})
_NOBODY: frozenset[str] = frozenset()
EVERYONE = Principals(True, True, _NOBODY, _NOBODY, _NOBODY, _NOBODY)


def compile_principals(pairs: tuple[tuple[str, str], ...], where: str) -> Principals:
    """Compile Principal or NotPrincipal; a name with a wildcard, a unique id or a canonical user is refused."""
    if pairs == syntax.EVERYONE:
        return EVERYONE
    if not _FORMS.issuperset(kind for kind, _ in pairs):
        raise UnsupportedPolicy(where, pairs, '"*" or an object of AWS, Service and Federated')
    aws, services, federated = (
        tuple([name for kind, name in pairs if kind == form]) for form in ("AWS", "Service", "Federated")
    )
    try:
        return _parse(aws, services, federated)
    except ValueError as problem:
        raise UnsupportedPolicy(where, pairs, str(problem)) from problem


@lru_cache(maxsize=4096)
def _parse(names: tuple[str, ...], services: tuple[str, ...], federated: tuple[str, ...]) -> Principals:
    accounts, arns = set(), set()
    for name in names:
        account = _ACCOUNT.fullmatch(name)
        if account and name.endswith((":root", account[1])) and name.startswith("arn:") == name.endswith(":root"):
            accounts.add(account[1])
        elif _NAMED.match(name) and not any(sign in name for sign in "*?$"):
            arns.add(name)
        elif name != "*":
            raise ValueError(f"{name}: an account, a role, a user or a session by its ARN, or *")
    for name in (*services, *federated):
        if any(sign in name for sign in "*?$"):
            raise ValueError(f"{name}: a name without wildcards")
    return Principals(
        everyone=False,
        every_aws="*" in names,
        accounts=frozenset(accounts),
        arns=frozenset(arns),
        services=frozenset(services),
        federated=frozenset(federated),
    )
