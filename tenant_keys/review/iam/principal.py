"""Who makes a request, and what that alone puts into the request's context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from tenant_keys.review.iam.errors import InvalidRequest


class PrincipalKind(Enum):
    """The kinds of principal that AWS distinguishes."""

    ROLE_SESSION = "role session"
    USER = "user"
    FEDERATED_USER = "federated user"  # a session that a user got from sts:GetFederationToken
    ROOT_USER = "root user"
    FEDERATED = "federated"  # holds a token of an identity provider and no role yet
    SERVICE = "service"
    ANONYMOUS = "anonymous"


#: aws:PrincipalType; what it is for a service or for a bare token is not documented, so it is absent there.
_TYPE = {
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.USER: "User",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ROOT_USER: "Account",
    PrincipalKind.ANONYMOUS: "Anonymous",
}

#: Keys that only the principal sets; `aws:PrincipalTag/` besides.
IMPLIED_KEYS = frozenset(
    {
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:principaltype",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:username",
        "kms:calleraccount",
    }
)
_IN_ACCOUNT = frozenset(
    {PrincipalKind.ROLE_SESSION, PrincipalKind.USER, PrincipalKind.FEDERATED_USER, PrincipalKind.ROOT_USER}
)
_TAGGED = frozenset({PrincipalKind.ROLE_SESSION, PrincipalKind.USER, PrincipalKind.FEDERATED_USER})
TAG_PREFIX = "aws:principaltag/"
#: IAM Roles Anywhere asks for a session with a certificate's names as principal tags (its guide, trust-model).
CERTIFICATES = "rolesanywhere.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Principal:
    """A principal. For a role session `arn` is the session's (sts) and `role_arn` the role's (iam, with its path)."""

    kind: PrincipalKind
    arn: str | None = None
    account: str | None = None
    role_arn: str | None = None
    organization: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    #: Whether it is an IAM principal or root user of an account, with policies of that account.
    in_account: bool = field(init=False, repr=False, compare=False)
    #: The context keys that this principal implies, lower case.
    implied: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_account", self.kind in _IN_ACCOUNT)
        self._check()
        object.__setattr__(self, "implied", self._imply())

    def _imply(self) -> dict[str, str]:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
        kind = self.kind
        keys = {"aws:principalisawsservice": "true" if kind is PrincipalKind.SERVICE else "false"}
        if kind in _TYPE:
            keys["aws:principaltype"] = _TYPE[kind]
        if kind is PrincipalKind.ANONYMOUS:
            keys["aws:principalaccount"] = "anonymous"
        if kind is PrincipalKind.SERVICE:
            keys["aws:principalservicename"] = str(self.arn)
        if self.in_account:
            keys["aws:principalaccount"] = str(self.account)
            # The role's ARN, not the session's.
            keys["aws:principalarn"] = str(self.role_arn if kind is PrincipalKind.ROLE_SESSION else self.arn)
            if self.organization is not None:
                keys["aws:principalorgid"] = self.organization
        if kind is PrincipalKind.USER:
            keys["aws:username"] = str(self.arn).rpartition("/")[2]
        for key, value in self.tags.items():
            name = TAG_PREFIX + key.lower()
            if name in keys:
                raise InvalidRequest(f"tag {key}: tag keys of a principal ignore case, and it is there twice")
            keys[name] = value
        return keys

    def _check(self) -> None:
        kind = self.kind
        if kind is PrincipalKind.ANONYMOUS:
            if self.arn or self.account or self.tags:
                raise InvalidRequest("an anonymous principal has no ARN, account or tags")
            return
        if not self.arn:
            raise InvalidRequest(f"a {kind.value} needs an arn")
        if (self.role_arn is not None) != (kind is PrincipalKind.ROLE_SESSION):
            raise InvalidRequest("role_arn: for a role session, and only there, the ARN of the role with its path")
        if self.tags and kind not in _TAGGED and (kind, self.arn) != (PrincipalKind.SERVICE, CERTIFICATES):
            raise InvalidRequest(f"a {kind.value} carries no principal tags")
        if not self.in_account:
            return
        if not self.account:
            raise InvalidRequest(f"a {kind.value} needs an account")
        self._check_arns(self.arn, self.account)

    def _check_arns(self, arn: str, account: str) -> None:
        parts = arn.split(":", 5)
        expected = {
            PrincipalKind.ROLE_SESSION: ("sts", "assumed-role/"),
            PrincipalKind.USER: ("iam", "user/"),
            PrincipalKind.FEDERATED_USER: ("sts", "federated-user/"),
            PrincipalKind.ROOT_USER: ("iam", "root"),
        }[self.kind]
        if len(parts) != 6 or parts[2] != expected[0] or not parts[5].startswith(expected[1]) or parts[4] != account:
            raise InvalidRequest(f"arn {arn}: not that of a {self.kind.value} of account {account}")
        if self.role_arn is None:
            return
        role = self.role_arn.split(":", 5)
        if len(role) != 6 or role[2] != "iam" or role[4] != account or not role[5].startswith("role/"):
            raise InvalidRequest(f"role_arn {self.role_arn}: not that of a role of account {account}")
        if parts[5].split("/")[1:2] != [role[5].rpartition("/")[2]]:
            raise InvalidRequest(f"arn {arn}: not a session of {self.role_arn}")
