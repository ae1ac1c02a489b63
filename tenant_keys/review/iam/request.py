"""One request to AWS: who, what, on which resource, and with which context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from tenant_keys.review.iam.errors import InvalidRequest
from tenant_keys.review.iam.principal import IMPLIED_KEYS, TAG_PREFIX, Principal
from tenant_keys.review.iam.variables import Context, Value


@dataclass(frozen=True, slots=True)
class Request:
    """A request. It is complete: a context key that neither it nor its principal gives is absent.

    `context` holds what the principal does not imply; a tuple is a multi-valued key. Keys ignore case.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str
    context: Mapping[str, Value] = field(default_factory=dict)
    #: The action and every context key in lower case, the implied ones included.
    action_key: str = field(init=False, repr=False, compare=False)
    keys: Context = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        action, service = _checked(self.action)
        _check_resource(self.resource, self.resource_account)
        object.__setattr__(self, "action_key", action)
        object.__setattr__(self, "keys", self._merge(service))

    def _merge(self, service: str) -> Context:
        principal = self.principal
        keys: dict[str, Value] = dict(principal.implied)
        if service == "kms" and principal.in_account:
            keys["kms:calleraccount"] = str(principal.account)
        for key, value in self.context.items():
            name = key.lower()
            if name in IMPLIED_KEYS or name.startswith(TAG_PREFIX):
                raise InvalidRequest(f"context {key}: the principal implies it, it cannot be given")
            if name in keys:
                raise InvalidRequest(f"context {key}: names of context keys ignore case, and it is there twice")
            if value != ():
                keys[name] = value
        keys.setdefault("aws:resourceaccount", self.resource_account)
        return keys


@lru_cache(maxsize=1024)
def _checked(action: str) -> tuple[str, str]:
    """The action in lower case, and its service."""
    lower = action.lower()
    service, _, operation = lower.partition(":")
    if not service or not operation or "*" in lower or "?" in lower:
        raise InvalidRequest(f"action {action}: one action with its service, such as kms:Decrypt")
    return lower, service


@lru_cache(maxsize=1024)
def _check_resource(resource: str, account: str) -> None:
    if resource != "*":
        parts = resource.split(":", 5)
        if len(parts) != 6 or (parts[4] and parts[4] != account):
            raise InvalidRequest(f"resource {resource}: an ARN of account {account}, or *")
