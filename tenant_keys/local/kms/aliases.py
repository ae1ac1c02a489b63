"""Aliases: each operation is authorized on the alias and on the key, or keys. Source: AWS KMS guide, alias-access."""

from __future__ import annotations

import re
from typing import Any

from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.due_changes import apply_due_changes
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.pages import page
from tenant_keys.local.kms.store import Alias

_NAME = re.compile(r"alias/[a-zA-Z0-9:/_-]{1,250}\Z")
LIMIT_PER_KEY = 50


def create_alias(call: Call) -> dict[str, Any]:
    name = _name(call)
    key = _target(call)
    call.authorize_account("kms:CreateAlias", _arn(call, name))
    call.authorize(key, None)
    key.require_not_deleting()
    if call.store.alias(call.account, call.region, name) is not None:
        raise Fault("AlreadyExistsException", f"An alias with the name {_arn(call, name)} already exists")
    if len(call.store.aliases_of(key)) >= LIMIT_PER_KEY:
        raise Fault("LimitExceededException", f"{key.arn} has too many aliases.")
    call.store.add_alias(Alias(call.account, call.region, name, key.id, call.now, call.now))
    return {}


def update_alias(call: Call) -> dict[str, Any]:
    """Point an alias at another key: asks on the alias, on the key it leaves and on the key it goes to."""
    alias = _existing(call)
    key = _target(call)
    call.authorize_account("kms:UpdateAlias", alias.arn)
    before = call.store.find(call.region, alias.key_id)
    if before is not None:
        call.authorize(before, None)
    call.authorize(key, None)
    key.require_not_deleting()
    call.store.point(alias, key, call.now)
    return {}


def delete_alias(call: Call) -> dict[str, Any]:
    alias = _existing(call)
    call.authorize_account("kms:DeleteAlias", alias.arn)
    key = call.store.find(call.region, alias.key_id)
    if key is not None:
        call.authorize(key, None)
    call.store.remove_alias(alias)
    return {}


def list_aliases(call: Call) -> dict[str, Any]:
    call.authorize_account("kms:ListAliases")
    for due in call.store.keys(call.account, call.region):
        apply_due_changes(due, call.store, call.now)
    aliases = call.store.aliases(call.account, call.region)
    if call.parameters.get("KeyId"):
        _, key = call.named()
        aliases = call.store.aliases_of(key)
    return page(call, "Aliases", [_answer(alias) for alias in aliases], default=50, largest=100)


def _answer(alias: Alias) -> dict[str, Any]:
    return {
        "AliasName": alias.name,
        "AliasArn": alias.arn,
        "TargetKeyId": alias.key_id,
        "CreationDate": alias.created.timestamp(),
        "LastUpdatedDate": alias.updated.timestamp(),
    }


def _name(call: Call) -> str:
    name = call.text("AliasName")
    if not name.startswith("alias/"):
        raise invalid("Invalid identifier")
    if not _NAME.match(name):
        raise Fault("InvalidAliasNameException", f"{name} contains invalid characters for an alias")
    if name.startswith("alias/aws/"):
        raise Fault("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved.")
    return name


def _target(call: Call) -> Key:
    if call.text("TargetKeyId").startswith("alias/"):
        raise invalid("Aliases must refer to keys. Not aliases")
    named, key = call.named("TargetKeyId")
    if named.account != call.account:
        raise invalid("An alias and its key must be in the same account.")
    return key


def _existing(call: Call) -> Alias:
    name = _name(call)
    alias = call.store.alias(call.account, call.region, name)
    if alias is None:
        raise Fault("NotFoundException", f"Alias {_arn(call, name)} is not found.")
    return alias


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:kms:{call.region}:{call.account}:{name}"
