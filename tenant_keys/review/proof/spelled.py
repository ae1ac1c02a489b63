"""Properties of resources that CloudFormation reads alike, though they are written differently."""

from __future__ import annotations

from collections.abc import Mapping


def spelled(value: object) -> object:
    """One spelling of a property's value: a truth or a number as the text that CloudFormation takes for it.

    Lists keep their order. Source: CloudFormation user guide, parameters and template formats: values are strings where
    a template has numbers and Booleans between quotes.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {name: spelled(one) for name, one in value.items()}
    if isinstance(value, list):
        return [spelled(one) for one in value]
    return value
