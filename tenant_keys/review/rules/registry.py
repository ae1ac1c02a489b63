"""All rules, by id; the id is the name of the rule's file, and its docstring the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tenant_keys.review.rules import (
    absent_key_allows,
    condition_key_never_carried,
    deny_never_fires,
    duplicate_sid,
    every_resource_in_identity_allow,
    everyone_in_allow,
    identity_only_key_in_key_policy,
    inverted_element_in_allow,
    key_policy_allow_beyond_root,
    last_use_holds_back_disabling,
    missing_sid,
    missing_version,
    multivalued_key_without_set_operator,
    not_principal,
    set_operator_on_single_valued_key,
    short_arn_pattern,
    wildcard_beside_token,
    wildcard_inside_string_equals,
)
from tenant_keys.review.rules.model import LintFinding, Policy

Check = Callable[[Policy], Iterator[LintFinding]]

RULES: Mapping[str, Check] = {
    module.__name__.rpartition(".")[2]: module.check
    for module in (
        absent_key_allows,
        condition_key_never_carried,
        deny_never_fires,
        duplicate_sid,
        every_resource_in_identity_allow,
        everyone_in_allow,
        identity_only_key_in_key_policy,
        inverted_element_in_allow,
        key_policy_allow_beyond_root,
        last_use_holds_back_disabling,
        missing_sid,
        missing_version,
        multivalued_key_without_set_operator,
        not_principal,
        set_operator_on_single_valued_key,
        short_arn_pattern,
        wildcard_beside_token,
        wildcard_inside_string_equals,
    )
}
