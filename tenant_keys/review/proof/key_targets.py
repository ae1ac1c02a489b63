"""A key as requests name it: by its aliases, in each state to which a principal that moves aliases can bring it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from string import ascii_letters, digits
from typing import Final

from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.condition_keys import Form, Key, Source
from tenant_keys.review.proof.domain import MOST_MEMBERS, text_classes
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import CONTEXT_KEY, UNUSED_DAYS, WRAPPING
from tenant_keys.review.proof.requests import Target
from tenant_keys.review.proof.world import KeyCase, World


def declared_target(case: KeyCase, world: World) -> Target:
    """The key as those reach it who are to use it: nothing about it is left open."""
    target: Target | None = case.memory.get("declared target")
    if target is None:
        fixed = case.record.choices(case.aliases) | case.record.unchosen | world.of_account(case.record.account)
        target = replace(target_of(case, case.aliases), choices=fixed, controls=world.controls)
        case.memory["declared target"] = target
    return target


def target_of(case: KeyCase, named: tuple[str, ...], pointing: tuple[str, ...] | None = None) -> Target:
    """The key; `named`: aliases by which a request can name it; `pointing`: those that point at it, if not the same."""
    known: Target | None = case.memory.get(("target", named, pointing))
    if known is None:
        aliases = named if pointing is None else pointing
        known = case.memory["target", named, pointing] = _new_target(case, named, aliases)
    return known


def _new_target(case: KeyCase, named: tuple[str, ...], aliases: tuple[str, ...]) -> Target:
    promise = case.promise
    return Target(
        case.record.arn,
        case.record.account,
        case.document,
        {},
        case.record.choices(aliases) | case.record.standing | {"kms:requestalias": [None, *named]},
        {
            CONTEXT_KEY: (promise.tenant,),
            "kms:expirationmodel": (promise.expiration_model,),
            "kms:wrappingalgorithm": (WRAPPING[0],),
            "kms:wrappingkeyspec": (WRAPPING[1],),
            **({UNUSED_DAYS: (str(promise.unused_days),)} if promise.unused_days else {}),
        },
    )


def repointed(case: KeyCase, actor: Actor) -> Iterator[Target]:
    """The key in each state that a principal who moves aliases may bring about: any alias points at it, or none."""
    documents = (case.document, *actor.identity)
    conditions = [one for document in documents for one in document.conditions if one.key in _ALIASES]
    context = actor.principal.implied
    own = (case.promise.alias_pattern.replace("{id}", actor.tenant),) if actor.tenant else ()
    names = tuple(dict.fromkeys([*case.aliases, *own, *text_classes(conditions, context, entry=_NAME)]))
    of_key = [condition for condition in conditions if condition.key == "kms:resourcealiases"]
    if not of_key:
        yield target_of(case, names)
        return
    distinguished = tuple(dict.fromkeys([*case.aliases, *own, *text_classes(of_key, context, entry=_NAME)]))
    if len(distinguished) > MOST_MEMBERS:
        raise NotProved(f"{len(distinguished)} aliases are distinguished: write exact values")
    for size in range(len(distinguished) + 1):
        for pointing in combinations(distinguished, size):
            yield target_of(case, names, pointing)


_ALIASES: Final = frozenset({"kms:requestalias", "kms:resourcealiases"})
_NAME: Final = Key(Source.CALLER, form=Form("alias/", ((f"{ascii_letters}{digits}/_-", 1),), 256))
"""AWS KMS API, CreateAlias, AliasName."""
