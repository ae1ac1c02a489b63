"""One request to KMS: its parameters, the key that it names, and the question whether it may."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenant_keys.local.authorizer import Authorizer, Question, Value
from tenant_keys.local.caller import Caller
from tenant_keys.local.clock import Clock
from tenant_keys.local.decisions import Record
from tenant_keys.local.denial import HIDDEN
from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms import conditions
from tenant_keys.local.kms.due_changes import apply_due_changes
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.store import Named, Store

_KEY_ID = re.compile(r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")


@dataclass(slots=True)
class Call:
    """A request in the account and Region of its caller."""

    caller: Caller
    region: str
    operation: str
    parameters: Mapping[str, Any]
    store: Store
    authorizer: Authorizer
    clock: Clock
    record: Record
    request_id: str

    @property
    def account(self) -> str:
        return self.caller.account

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # --- parameters

    def text(self, name: str) -> str:
        value = self.parameters.get(name)
        if not isinstance(value, str) or not value:
            raise invalid(
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' failed to satisfy "
                "constraint: Member must not be null"
            )
        return value

    def blob(self, name: str, limit: int) -> bytes:
        try:
            value = base64.b64decode(self.text(name), validate=True)
        except binascii.Error:
            raise Fault("SerializationException", f"{name} is not base64") from None
        if len(value) > limit:
            raise invalid(
                f"1 validation error detected: Value at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
                f"Member must have length less than or equal to {limit}"
            )
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.parameters.get(name) or default
        if value not in allowed:
            raise invalid(
                f"1 validation error detected: Value '{value}' at '{name[0].lower()}{name[1:]}' failed to satisfy "
                f"constraint: Member must satisfy enum value set: [{', '.join(allowed)}]"
            )
        return str(value)

    def context_pairs(self, name: str) -> dict[str, str]:
        return {str(key): str(value) for key, value in (self.parameters.get(name) or {}).items()}

    # --- the key

    def named(self, name: str = "KeyId", *, aliases: bool = False) -> tuple[Named, Key]:
        """The key that a parameter names; an alias only where the operation accepts one.

        Raises:
            Fault: NotFoundException in the caller's own account; elsewhere, that access is denied, as AWS answers it
                so as not to tell who has which key.
        """
        identifier = self.text(name)
        named = self.store.read(identifier, self.account, self.region)
        if named.alias is not None and not aliases:
            raise Fault("NotFoundException", f"Invalid keyId '{identifier}'")
        if named.alias is None and not _KEY_ID.match(named.key_id or ""):
            raise Fault("NotFoundException", f"Invalid keyId '{named.key_id}'")
        key = self.store.resolve(named, self.region)
        if key is not None and apply_due_changes(key, self.store, self.now):
            key = None
        if key is None:
            raise self._missing(named)
        return named, key

    def _missing(self, named: Named) -> Fault:
        if named.account != self.account:
            return Fault(
                "AccessDeniedException",
                f"User: {self.caller.arn} is not authorized to perform: kms:{self.operation} on resource: {named.arn} "
                f"{HIDDEN}",
            )
        if named.alias is not None:
            return Fault("NotFoundException", f"Alias {named.arn} is not found.")
        return Fault("NotFoundException", f"Key '{named.arn}' does not exist")

    # --- may it?

    def authorize(
        self,
        key: Key,
        named: Named | None,
        action: str | None = None,
        context: Mapping[str, Value] | None = None,
        *,
        resource_known: bool = True,
    ) -> None:
        """Ask the evaluator; the key's own policy and grants are part of the question."""
        question = self.question(key, named, action, context)
        self.authorizer.require(question, self.record, resource_known=resource_known)

    def question(
        self,
        key: Key,
        named: Named | None,
        action: str | None = None,
        context: Mapping[str, Value] | None = None,
    ) -> Question:
        action = action or f"kms:{self.operation}"
        return Question(
            caller=self.caller,
            action=action,
            resource=key.arn,
            account=key.account,
            region=self.region,
            context={**conditions.of_key(action, key, named, self.store), **(context or {})},
            resource_policy=key.policy,
            resource_policy_name="key policy",
            grants=tuple(key.grants),
            alias=named.alias if named else None,
            key=key.arn,
        )

    def authorize_account(self, action: str, resource: str = "*", context: Mapping[str, Value] | None = None) -> None:
        """Ask about an operation that has no key yet, or about an alias: identity policies alone decide.

        Condition keys do not work on aliases as resources (AWS KMS guide, alias-access).
        """
        question = Question(
            caller=self.caller,
            action=action,
            resource=resource,
            account=self.account,
            region=self.region,
            context=dict(context or {}),
            alias=resource.rpartition(":")[2] if ":alias/" in resource else None,
        )
        self.authorizer.require(question, self.record)

    def managed_key(
        self,
        context: Mapping[str, Value] | Callable[[Key], Mapping[str, Value]] | None = None,
        *,
        across_accounts: bool = False,
    ) -> Key:
        """The key of a management operation, allowed to this caller; `context` may depend on the key."""
        named, key = self.named()
        if key.account != self.account and not across_accounts:
            # Not possible whatever a policy says (API reference: "Cross-account use: No").
            raise self._missing(named)
        self.authorize(key, named, context=context(key) if callable(context) else context)
        return key
