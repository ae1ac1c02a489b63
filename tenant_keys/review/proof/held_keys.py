"""Keys that tenants hold in accounts of their own: what of their isolation is ours to prove, and what is the owner's.

A request across accounts needs an Allow on both sides (IAM guide, reference_policies_evaluation-logic-cross-account).
The key's policy is in no template: whatever it allows, the sessions of the templates' roles are held by their own
policies. So each Allow of those policies that reaches a key of another account must be, word for word, one of the few
that are declared: exactly registered ARNs, exactly the workload's operations, exactly the tenant's encryption context
and, for a role that tenants share, the tenant's session tag. Whatever else reaches such a key is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from tenant_keys.manifest import Estate, HeldKey, Tenant
from tenant_keys.review.iam.catalogue import actions, actions_on
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.iam.wildcards import glob
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.promise import CONTEXT_KEY, TAG, Promise, Use
from tenant_keys.review.syntax import Condition, Statement, parse_document

OURS: Final = (
    "whatever the key's policy allows, no role of the templates may use it but this tenant's, in this tenant's "
    "encryption context"
)
THEIRS: Final = (
    "its policy allows no more than the registered statements; no grant, alias or replica opens it to others; who may "
    "change it; rotation and deletion"
)
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_WILDCARD: Final = re.compile(r"[*?]")
_ACCOUNT: Final = re.compile(r"\d{12}")
_PARTS: Final = 6
"""Of the ARN of a key, which holds no other colon (AWS KMS guide, concepts, key ARN)."""
_DIGITS: Final = 12
"""Of the id of an account."""
_BEGINS_AS_A_KEY: Final = re.compile(r"a?|ar|arn(:[^:]*)?|arn:[^:]*:(k|km)?|arn:[^:]*:kms(:.*)?")
_DESCRIBE: Final = "kms:describekey"


@dataclass(frozen=True, slots=True)
class HeldByTenant:
    """A tenant's own key, and how far the proof goes."""

    tenant: str
    arns: tuple[str, ...]
    active: tuple[str, ...]
    """ARNs that workloads are told of; none before the first activation."""
    ours: str = OURS
    theirs: str = THEIRS


def held_by_tenants(estate: Estate) -> tuple[HeldByTenant, ...]:
    """Every tenant that holds its key itself."""
    return tuple(
        HeldByTenant(tenant.id, tenant.held.arns, tuple(sorted(tenant.held.active.values())))
        for tenant in estate.tenants.values()
        if tenant.held is not None
    )


def check_held_keys(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> Iterator[Finding]:
    """Compare what the templates' policies allow on keys of other accounts with what is declared, both ways.

    No role of this key account is declared for the key of a tenant of another.
    """
    owners = {
        arn: tenant.id
        for each in (estate, *estate.siblings)
        for tenant in each.tenants.values()
        if tenant.held is not None
        for arn in tenant.held.arns
    }
    uses: dict[str, list[tuple[Tenant, Use]]] = {}
    for tenant in estate.tenants.values():
        for use in promises[tenant.id].uses if tenant.held is not None and tenant.state == "active" else ():
            uses.setdefault(use.role_arn, []).append((tenant, use))
    granted: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for where, role_arn, raw in _policies(inventory):
        for statement in parse_document(raw, where).statements:
            reached = _reached(statement, owners, estate.central.account)
            if not reached:
                continue
            for tenant, use in uses.get(role_arn, ()):
                if tenant.held is not None and _is_declared(statement, tenant, tenant.held, use):
                    allowed = granted.setdefault((role_arn, tenant.id), set())
                    allowed |= {(one.lower(), arn) for one in statement.actions for arn in statement.resources}
                    break
            else:
                yield _undeclared(where, statement, reached, owners)
    for role_arn, several in uses.items():
        for tenant, use in several:
            yield from _refused(tenant, use, granted.get((role_arn, tenant.id), set()))


def _policies(inventory: Inventory) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Every identity policy of the templates: what it is called, the role that has it, and the document."""
    for role in inventory.roles.values():
        for name, document in role.identity:
            yield f"policy {name} of {role.arn}", role.arn, document
    for loose in inventory.loose:
        yield loose.where, f"the role {loose.role_name} of account {loose.account}", loose.document


def _reached(statement: Statement, owners: Mapping[str, str], central: str) -> list[str]:
    """The keys of other accounts that a statement on KMS could be about, registered or not."""
    if not _is_of_kms(statement):
        return []
    if statement.not_resources or not statement.resources:
        others = ["all resources but some"] if owners and _opens_keys(statement) else []
        return [*sorted(owners), *others]
    found: set[str] = set()
    for pattern in statement.resources:
        widest = _VARIABLE.sub("*", pattern)
        found |= set(filter(glob(((widest, False),)), owners))
        # A Deny takes nothing of what is declared from keys that are not registered. Where no tenant holds a key, a
        # pattern of all accounts is about those of the key account, whose policies decide.
        meant = bool(owners) or names_account(widest)
        if _opens_keys(statement) and pattern not in owners and meant and is_foreign(widest, central):
            found.add(pattern)
    return sorted(found)


def _opens_keys(statement: Statement) -> bool:
    """Whether a statement on KMS allows any action but those, such as kms:CreateKey, that no existing key receives."""
    return statement.allows and (
        bool(statement.not_actions)
        or any(one.lower() not in _without_key() for one in statement.actions if _could_be_of_kms(one))
    )


@cache
def _without_key() -> frozenset[str]:
    """Actions in lower case."""
    on_keys = {*actions_on("kms", "key"), *actions_on("kms", "alias")}
    return frozenset(action.lower() for action in actions("kms") if action not in on_keys)


def names_account(pattern: str) -> bool:
    """Whether a pattern of resources tells some accounts from others, or may."""
    parts = pattern.split(":")
    if len(parts) < _PARTS:
        begins, _, rest = pattern.partition("*")
        return rest != "" or "?" in begins or parts[4:] not in ([], ["*"])
    account = parts[4]
    digits = account.count("?")
    every = digits == _DIGITS or ("*" in account and digits < _DIGITS)
    return account.strip("*?") != "" or not every


def is_foreign(pattern: str, central: str) -> bool:
    """Whether a pattern of resources could match a key of another account than the key account.

    Of fewer parts than an ARN has, a wildcard stands for some; the proof knows no such pattern but `*`.
    """
    parts = pattern.split(":")
    if len(parts) != _PARTS:
        begins, *rest = _WILDCARD.split(pattern, maxsplit=1)
        return len(parts) < _PARTS and rest != [] and _BEGINS_AS_A_KEY.fullmatch(begins) is not None
    account = parts[4]
    if not glob(((parts[2], False),))("kms"):
        return False
    if not _WILDCARD.search(account):
        return account != central and _ACCOUNT.fullmatch(account) is not None
    length = len(account.replace("*", ""))
    return length < _DIGITS or (length == _DIGITS and account.replace("*", "") != central)


def _is_of_kms(statement: Statement) -> bool:
    if statement.not_actions:
        return True
    return any(map(_could_be_of_kms, statement.actions))


def _could_be_of_kms(pattern: str) -> bool:
    if pattern.lower().partition(":")[0] == "kms":
        return True
    return any(test(action.lower()) for test in action_tests((pattern,), "Action") for action in actions("kms"))


def _is_declared(statement: Statement, tenant: Tenant, held: HeldKey, use: Use) -> bool:
    if not statement.allows or statement.elements - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        return False
    if not set(statement.resources) <= set(held.arns):
        return False
    asked = {action.lower() for action in statement.actions}
    conditions = set(map(_plain, statement.conditions))
    tagged = {("StringEquals", f"aws:principaltag/{TAG}", (tenant.id,))} if use.shared else set()
    if asked == {_DESCRIBE}:
        return conditions == tagged
    return asked <= use.actions and conditions == {("StringEquals", CONTEXT_KEY, (tenant.id,)), *tagged}


def _plain(condition: Condition) -> tuple[str, str, tuple[str, ...]]:
    return condition.spelled, condition.key, condition.values


def _undeclared(where: str, statement: Statement, reached: list[str], owners: Mapping[str, str]) -> Finding:
    whose = sorted({f"the key of tenant {owners[arn]}" for arn in reached if arn in owners})
    what = ", ".join([*whose, *(arn for arn in reached if arn not in owners)])
    effect = "is allowed" if statement.allows else "is denied"
    asked = ", ".join(statement.actions) or "all actions but some"
    message = f"{where}: {statement.label}: {asked} {effect} on {what}"
    tenant = next((owners[arn] for arn in reached if arn in owners), None)
    if not statement.allows:
        fix = "take the Deny out: what it leaves of the declared access is not worked out"
        return Finding(Kind.NOT_PROVED, message, fix, tenant)
    fix = "allow exactly the registered keys, the workload's operations and the tenant's encryption context"
    return Finding(Kind.MORE_THAN_DECLARED, f"{message}; the manifest declares no such access", fix, tenant)


def _refused(tenant: Tenant, use: Use, granted: set[tuple[str, str]]) -> Iterator[Finding]:
    for action in sorted({*use.actions, _DESCRIBE}):
        for arn in tenant.held.arns if tenant.held is not None else ():
            if (action, arn) not in granted:
                message = (
                    f"{use.role_arn}: {action} on {arn}, the key of tenant {tenant.id}, is declared and not allowed"
                )
                yield Finding(Kind.REFUSED, message, "synthesize again", tenant.id)
