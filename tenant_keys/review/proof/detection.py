"""Whether the rules and alarms of detection can tell what they are declared to tell.

A rule's pattern and state and what an alarm watches are compared by what they mean: the values of a field are
alternatives, in whatever order (EventBridge guide, eb-event-patterns). Of a message, the fields and where they come
from; its sentences are prose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from operator import eq
from pathlib import Path
from typing import Any, Final

from tenant_keys.aws_facts.identity_center import beginning_of, is_pattern
from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.errors import AssemblyUnreadable, as_json
from tenant_keys.review.proof.expected_documents import filled, read_expected
from tenant_keys.review.proof.promise import access_roles
from tenant_keys.review.proof.value_differences import described, first_difference

_TEMPLATE: Final = "InputTransformer.InputTemplate"
_PROSE: Final = ("severity", "what", "next")
ALL: Final = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
"""The only state that gets read-only management events (EventBridge API, PutRule, State)."""
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|<([^<>"]*)>')
"""A JSON string, or a variable outside of one."""


def declared_state(rule: str) -> str:
    """The state in which the rule of this id gets its events."""
    return ALL if "reads" in read_expected("rules")["rules"][rule] else "ENABLED"


def pattern_difference(rule: str, pattern: object, estate: Estate) -> str | None:
    """Where the rule may match other events than are declared, or None; raises KeyError for an unknown id."""
    return first_difference("EventPattern", pattern, _pattern(rule, estate), _alike, ordered=False)


def alarm_differences(alarm: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """Where each property differs by which the alarm of this id watches, or may watch, something else."""
    for name, expected in read_expected("rules")["alarms"][alarm].items():
        if how := first_difference(name, properties.get(name), expected, _alike, ordered=False):
            yield how


def message_difference(rule: str, transformer: object) -> str | None:
    """Where the message is no JSON object, or its fields are others than are declared; None where they are the same."""
    expected = read_expected("rules")
    fields = expected["fields_of_kms_itself" if "of_kms_itself" in expected["rules"][rule] else "fields"]
    if not isinstance(transformer, Mapping) or set(transformer) != {"InputPathsMap", "InputTemplate"}:
        return f"InputTransformer: got {as_json(transformer)}; an object of InputPathsMap and InputTemplate"
    template = transformer["InputTemplate"]
    if transformer["InputPathsMap"] != fields:
        return first_difference("InputTransformer.InputPathsMap", transformer["InputPathsMap"], fields, eq)
    if not isinstance(template, str):
        return f"{_TEMPLATE}: got {as_json(template)}; a string"
    tokens = _TOKEN.sub(lambda found: found[0] if found[1] is None else json.dumps({"field": found[1]}), template)
    try:
        message = parse_json(Path("InputTemplate"), tokens.encode())
    except (AssemblyUnreadable, UnicodeEncodeError):
        return f"{_TEMPLATE} is not JSON with variables in place of values"
    declared = {"rule": rule, **{name: {"field": name} for name in fields}}
    if not isinstance(message, dict) or set(message) != {*declared, *_PROSE}:
        got = as_json(list(message) if isinstance(message, dict) else message)
        return f"{_TEMPLATE}: got {got}; an object of {', '.join([*_PROSE, *declared])}"
    for name, wanted in declared.items():
        if message[name] != wanted:
            return described(f"{_TEMPLATE}.{name}", _variable(message[name]), _variable(wanted))
    for name in _PROSE:
        text = message[name]
        if not isinstance(text, str) or not set(re.findall("<([^<>]*)>", text)) <= set(fields):
            return f"{_TEMPLATE}.{name}: got {as_json(text)}; a string with no variables but {', '.join(fields)}"
    return None


def _variable(value: object) -> object:
    return f"<{value['field']}>" if isinstance(value, Mapping) and value.keys() == {"field"} else value


def _pattern(rule: str, estate: Estate) -> Mapping[str, Any]:
    expected, values = read_expected("rules"), _values(estate)
    row = expected["rules"][rule]
    if "whole" in row:
        whole: dict[str, Any] = filled(row["whole"], values)
        return whole
    services = row["of"].split()
    named = {"eventName": row["calls"].split()} if "calls" in row else {}
    return {
        "source": [f"aws.{one}" for one in services],
        "detail-type": expected["calls"],
        "detail": {
            "eventSource": [f"{one}.amazonaws.com" for one in services],
            **named,
            **filled(row["detail"], values),
        },
    }


def _values(estate: Estate) -> dict[str, object]:
    central, naming, audit = estate.central, estate.naming, estate.audit
    breaker = beginning_of(central.break_glass) if is_pattern(central.break_glass) else central.break_glass

    def named(name: str) -> object:
        return {"prefix": name} if is_pattern(central.break_glass) else name

    paths = [f"{naming.role_path}{naming.role_prefix}import.", *([audit.import_path] if audit else [])]
    root = access_roles(estate).removesuffix(naming.role_path)
    neither = {"invokedBy": [{"exists": False}, {"anything-but": ["config.amazonaws.com"]}]}
    probes = audit.probe_roles if audit else ()
    return {
        "others_than_deployers": _others_than(central.deployers),
        "neither_config_nor_probes": {**neither, **(_others_than(probes) if probes else {})},
        "break_glass": named(breaker),
        "break_glass_name": named(breaker.rpartition("/")[2]),
        "import_roles": [{"prefix": f"{root}{path}"} for path in paths if path],
        "access_roles": access_roles(estate),
        "role_prefix": naming.role_prefix,
        "topic": names.audit_prefix(naming).removesuffix("-"),
        "bucket": names.trail_bucket(central.account, naming),
    }


def _others_than(roles: Sequence[str]) -> dict[str, Any]:
    return {"sessionContext": {"sessionIssuer": {"arn": [{"exists": False}, {"anything-but": list(roles)}]}}}


def _alike(got: object, declared: object) -> bool:
    return _canonical(got) == _canonical(declared)


def _canonical(value: object) -> Hashable:
    """The same for lists in another order. None of the declared ones has a list whose order matters."""
    if isinstance(value, Mapping):
        return "object", frozenset((str(name), _canonical(below)) for name, below in value.items())
    if isinstance(value, list):
        return "list", frozenset(map(_canonical, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", float(value)
    return type(value).__name__, str(value)
