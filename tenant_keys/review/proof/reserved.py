"""What control policies are to keep for some principals, from the manifest alone; a second time, as in `promise`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.review.iam import PrincipalKind
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.controls import SCP
from tenant_keys.review.proof.key_actions import is_cryptographic, key_actions
from tenant_keys.review.proof.promise import DEPLOYMENT, TAG, access_roles, alias_of, custodian_role, is_role

ALIASES: Final = frozenset({"kms:createalias", "kms:deletealias"})
_OPENINGS: Final = frozenset({"kms:creategrant", "kms:updatealias", "kms:updateprimaryregion"})
_MATERIAL: Final = frozenset({"kms:deleteimportedkeymaterial", "kms:getparametersforimport", "kms:importkeymaterial"})
_BYPASS: Final[Mapping[str, Value]] = {"kms:bypasspolicylockoutsafetycheck": "true"}
_KEY_ID: Final = "4d3b2a19-0f1e-4c2d-8b3a-1a2b3c4d5e6f"
"""Any id will do: no pattern of resources that is understood names one."""
_OF_AUDIT: Final = {
    "the trail": ("cloudtrail", "trail/", "deletetrail puteventselectors stoplogging updatetrail"),
    "the rules": ("events", "rule/", "deleterule disablerule putrule puttargets removetargets"),
    "the topic": ("sns", "", "addpermission deletetopic removepermission settopicattributes"),
}
"""Service, beginning of the resource's name, and actions."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """Actions on resources that a control policy keeps for some principals."""

    what: str
    actions: frozenset[str]
    resources: tuple[str, ...]
    """One of each kind and Region; `*` for an action that has none."""
    spares: Callable[[Actor], bool]
    lost: str = "administration"
    """What others gain without it, where nothing else stops them: detection, administration or plaintext."""
    context: Mapping[str, Value] = field(default_factory=dict)
    tenant_tag: bool = False
    """Whether it is reserved for requests with the tag of a tenant, in whatever case, with whatever value."""


def reserved(kind: str, estate: Estate) -> list[Reserved]:
    """What the policy of a kind is to keep."""
    central = estate.central
    deployers, break_glass = frozenset(central.deployers), frozenset({central.break_glass})
    managers = break_glass | frozenset(central.administrators)
    keys = _in_each_region("kms", f"key/{_KEY_ID}", estate)
    aliases = aliases_of(estate) if kind == SCP else ()
    opening = _roles(deployers | break_glass)
    found = [
        Reserved("deletion", frozenset({"kms:schedulekeydeletion"}), keys, _roles(break_glass)),
        Reserved("cancelling a deletion", frozenset({"kms:cancelkeydeletion"}), keys, _roles(managers)),
        Reserved("disabling", frozenset({"kms:disablekey"}), keys, _roles(deployers | managers)),
        Reserved("policies and settings of keys", DEPLOYMENT - ALIASES, keys, _roles(deployers)),
        Reserved("aliases", ALIASES, (*keys, *aliases), opening),
        Reserved("grants, alias targets and the primary Region", _OPENINGS, keys, opening, "plaintext"),
        Reserved("key material", _MATERIAL, keys, _importing(estate)),
        Reserved("the lockout check", frozenset({"kms:putkeypolicy"}), keys, _roles(break_glass), context=_BYPASS),
    ]
    if kind == SCP:
        create, update = frozenset({"kms:createkey"}), frozenset({"kms:updatealias"})
        found.append(Reserved("the lockout check", create, ("*",), _roles(break_glass), context=_BYPASS))
        found.append(Reserved("alias targets", update, aliases, opening, "plaintext"))
        return [*found, *_tags_in_iam(estate), *_audit(estate)]
    return [*found, *_from_outside(estate, keys), *_tags_of_sessions(estate)]


def understood_resources(estate: Estate) -> frozenset[str]:
    """Every way to write resources that the proof understands: all of a kind in the key account, or all there are."""
    central, roles, prefix = estate.central, access_roles(estate), estate.naming.stack_prefix
    names = [("kms", "key/*"), ("kms", estate.naming.alias.replace("{id}", "*"))]
    names += [(service, f"{before}{prefix}-*") for service, before, _ in _OF_AUDIT.values()]
    found = {f"arn:{central.partition}:{service}:*:{central.account}:{name}" for service, name in names}
    if custodians(estate):
        found |= {f"{roles}*/*", f"{custodian_role('', estate)}*"}
    return frozenset({"*", f"{roles}*", f"{roles}*/{estate.naming.role_prefix}shared.*", *found})


def custodians(estate: Estate) -> frozenset[str]:
    """The accounts of customers whose own principals assume import roles."""
    return frozenset(one.custodian.account for one in estate.tenants.values() if one.custodian is not None)


def _tags_in_iam(estate: Estate) -> Iterator[Reserved]:
    """A tag of a role or user is a tag of its sessions; no principal sets that of the tenant."""
    somewhere = f"arn:{estate.central.partition}:iam::{estate.central.account}:"
    for kind in ("role", "user"):
        actions = frozenset({f"iam:create{kind}", f"iam:tag{kind}"})
        where = (f"{somewhere}{kind}/any",)
        yield Reserved(f"the tag {TAG}", actions, where, _nobody, "plaintext", tenant_tag=True)


def _tags_of_sessions(estate: Estate) -> Iterator[Reserved]:
    """No session but those of shared roles carries the tag of a tenant."""
    roles = access_roles(estate)
    others = (f"{roles}any/{estate.naming.role_prefix}tenant-any.any", f"{roles.partition('role/')[0]}role/any")
    yield Reserved(f"the tag {TAG}", frozenset({"sts:tagsession"}), others, _nobody, "plaintext", tenant_tag=True)


def _audit(estate: Estate) -> Iterator[Reserved]:
    for what, (service, before, actions) in _OF_AUDIT.items():
        own = frozenset(f"{service}:{action}" for action in actions.split())
        where = _in_each_region(service, f"{before}{estate.naming.stack_prefix}-any", estate)
        yield Reserved(what, own, where, _roles(frozenset(estate.central.deployers)), "detection")


def _from_outside(estate: Estate, keys: tuple[str, ...]) -> Iterator[Reserved]:
    def inside(actor: Actor) -> bool:
        principal = actor.principal
        return principal.kind is PrincipalKind.SERVICE or principal.organization == estate.organization

    used = frozenset(one.lower() for one in key_actions() if is_cryptographic(one) or one == "kms:CreateGrant")
    role = f"{access_roles(estate)}any/{estate.naming.role_prefix}tenant-any.any"
    yield Reserved("use from inside the organization", used, keys, inside, "plaintext")
    yield Reserved("sessions from inside the organization", frozenset({"sts:assumerole"}), (role,), inside, "plaintext")
    if accounts := custodians(estate):
        importing = (custodian_role("any", estate),)
        yield Reserved(
            "sessions of import roles",
            frozenset({"sts:assumerole"}),
            importing,
            lambda actor: inside(actor) or actor.principal.account in accounts,
        )


def aliases_of(estate: Estate) -> tuple[str, ...]:
    """The alias of some tenant, in each Region."""
    return _in_each_region("kms", alias_of("any", estate), estate)


def _in_each_region(service: str, resource: str, estate: Estate) -> tuple[str, ...]:
    central = estate.central
    return tuple(
        f"arn:{central.partition}:{service}:{region}:{central.account}:{resource}" for region in central.regions
    )


def _importing(estate: Estate) -> Callable[[Actor], bool]:
    path = estate.guardrails.import_path if estate.guardrails else None
    roles = [f"arn:{estate.central.partition}:iam::{estate.central.account}:role{path}"] if path else []
    roles += [custodian_role("", estate)] if custodians(estate) else []
    return lambda actor: str(actor.role_arn).startswith(tuple(roles))


def _roles(arns: frozenset[str]) -> Callable[[Actor], bool]:
    """A role of a permission set is whichever has the set's name."""
    return lambda actor: actor.role_arn is not None and any(is_role(actor.role_arn, one) for one in arns)


def _nobody(_actor: Actor) -> bool:
    return False
