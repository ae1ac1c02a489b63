"""Resources compared with expected ones, property by property, each by what it means.

A policy that lets more through than the expected one is a breach; one that is merely written otherwise, or lets less
through, is not proved. Any other property has to be the expected one, in whichever spelling CloudFormation reads alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.review.assembly import Resource
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.iam.wildcards import glob
from tenant_keys.review.meaning import Clause, meaning, wider
from tenant_keys.review.proof.expected_documents import filled, read_expected
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.spelled import spelled
from tenant_keys.review.proof.stack_set import instances, types_in

AGAIN: Final = "synthesize again"
_APART: Final = "remove it from the app"
Place = tuple[str, str, str, str]
"""Account, Region, type and name."""
Expected = Mapping[Place, Mapping[str, object]]
_NAMED_BY: Final = {
    "AWS::CloudFormation::LambdaHook": "Alias",
    "AWS::CloudFormation::StackSet": "StackSetName",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::Events::EventBusPolicy": "StatementId",
    "AWS::Events::Rule": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SNS::TopicPolicy": "Topics",
}
_ORDER: Final = "DependsOn"
"""Among expected properties: the type of the resource that CloudFormation has to create before."""
_EITHER_WAY: Final = frozenset(
    {"BucketEncryption", "EventSelectors", "LifecycleConfiguration", "ManagedExecution", "OperationPreferences"}
)
"""Properties whose other values may record more, keep longer or work more slowly: a difference is no breach yet."""
_FREE: Final[Mapping[str, str]] = {
    "AWS::CloudFormation::StackSet": "Description Tags",
    "AWS::CloudTrail::Trail": "Tags",
    "AWS::CloudWatch::Alarm": "AlarmDescription ComparisonOperator EvaluationPeriods Metrics Tags Threshold "
    "TreatMissingData",
    "AWS::Events::Rule": "Description EventPattern State Tags",
    "AWS::Lambda::Function": "Architectures Code Description MemorySize Tags",
    "AWS::Logs::LogGroup": "Tags",
    "AWS::S3::Bucket": "Tags",
    "AWS::SNS::Topic": "DisplayName Tags",
}
"""Properties that decide neither by whose permissions something acts nor whom it tells; those that decide what it tells
or answers, such as a rule's pattern and a function's code, are compared apart."""


class Said(Enum):
    """What a policy says, compared with the expected one."""

    SAME = "the same"
    WIDER = "more"
    OTHERWISE = "less, or what is not understood"


def expected_resources(
    file: str, part: str, account: str, region: str, values: Mapping[str, object]
) -> dict[Place, Mapping[str, object]]:
    """The resources of a part of a file of expected documents, by their place in this account and Region."""
    entries = filled(read_expected(file)[part], values)
    return {
        (account, region, kind, _name(kind, properties)): properties
        for entry in entries
        for kind, properties in entry.items()
    }


def place_of(resource: Resource) -> Place:
    """Where a resource is, and its name; one without its name has that of its logical id."""
    name = _name(resource.type, resource.properties) or resource.where
    return resource.account, resource.region, resource.type, name


def _name(kind: str, properties: Mapping[str, Any]) -> str:
    found = properties.get(_NAMED_BY[kind], "")
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found)


def check_resources(resources: Iterable[Resource], expected: Expected) -> Iterator[Finding]:
    """What is there and not expected, differs from what is expected, or is expected and not there."""
    found: set[Place] = set()
    resources = tuple(resources)
    types = {(one.stack, one.logical_id): one.type for one in resources}
    for resource in resources:
        place, where = place_of(resource), resource.where
        if place in found:
            yield undeclared(f"{where}: a second {resource.type} {place[3]}")
        found.add(place)
        if place in expected:
            after = {types.get((resource.stack, one)) for one in resource.depends_on}
            yield from _compare(resource, expected[place], after)
        else:
            yield unknown(f"{where}: {resource.type}")
    for account, region, kind, name in sorted(expected.keys() - found):
        message = f"{kind} {name} is declared and in no template of {region} in {account}"
        yield Finding(Kind.INVENTORY, message, AGAIN)


def _compare(resource: Resource, expected: Mapping[str, object], after: set[str | None]) -> Iterator[Finding]:
    properties, where = resource.properties, resource.where
    for name in sorted(properties.keys() - expected.keys() - set(_FREE.get(resource.type, "").split())):
        yield unknown(f"{where}: {resource.type} {name}")
    for name, wanted in expected.items():
        if name == _ORDER:
            if wanted not in after:
                message = f"{where}: does not depend on the {wanted} of its stack, which has to be created first"
                yield Finding(Kind.NOT_PROVED, message, f"{AGAIN}; keep its DependsOn")
            continue
        got = properties.get(name)
        if name == "PolicyDocument":
            said = policy_says(got, wanted, resource.region)
        elif name == "Statement":
            said = policy_says({name: got}, {name: wanted}, resource.region)
        else:
            said = _same(name, got, wanted)
        if said is Said.WIDER:
            kind = Kind.NOT_PROVED if name in _EITHER_WAY else Kind.INVENTORY
            yield Finding(kind, f"{where}: {name} is {got!r:.120}; expected {wanted!r:.120}", AGAIN)
        elif said is Said.OTHERWISE:
            yield differs(where, name)


def policy_says(got: object, expected: object, region: str, *, idle_denies: bool = False) -> Said:
    """`idle_denies`: whether a Deny of actions that nothing allows changes nothing, as in a key policy."""
    return policies_say([got], expected, region, idle_denies=idle_denies)


def policies_say(got: Iterable[Any], expected: Any, region: str, *, idle_denies: bool = False) -> Said:
    """What several policies of one principal or resource say together."""
    partition = partition_of(region)
    try:
        deployed, wanted = meaning(got, "", partition), meaning([expected], "", partition)
    except MalformedPolicy:
        return Said.OTHERWISE
    if wider(deployed, wanted):
        return Said.WIDER
    allowed = {clause.action for clause in wanted if clause.effect == "Allow"} if idle_denies else None
    return Said.SAME if {one for one in deployed if not _idle(one, allowed)} == wanted else Said.OTHERWISE


def _idle(clause: Clause, allowed: set[str] | None) -> bool:
    """Whether a clause denies nothing that is allowed. An Allow by a pattern is never the same as its actions of today.

    It allows what the service adds under that name, too (IAM guide, reference_policies_elements_action).
    """
    if allowed is None or clause.effect != "Deny" or not clause.action or " " in clause.action:
        return False
    return not any(map(glob(((clause.action, False),)), allowed))


def _same(name: str, got: object, expected: object) -> Said:
    plain: Callable[[object], object] = _PLAIN.get(name, lambda value: value)
    return Said.SAME if expected is not None and plain(spelled(got)) == plain(spelled(expected)) else Said.WIDER


def _id_of_key(value: object) -> object:
    """A key is named by its ARN or its id (SNS API reference, CreateTopic)."""
    return value.rpartition("/")[2] if isinstance(value, str) and not value.startswith("alias/") else value


def _each(value: object, plain: Callable[[Mapping[str, Any]], object]) -> object:
    """The members of a list of objects, each in plain form; anything else as it is."""
    well_formed = isinstance(value, list) and all(isinstance(one, Mapping) for one in value)
    return [plain(one) for one in value] if well_formed else value  # type: ignore[attr-defined]


def _encryption(value: object) -> object:
    """No bucket key by default (S3 API, ServerSideEncryptionRule)."""
    name = "ServerSideEncryptionConfiguration"
    if not isinstance(value, Mapping):
        return value
    return {**value, name: _each(value.get(name), lambda rule: {"BucketKeyEnabled": "false", **rule})}


def _unordered(value: object) -> object:
    """Each list of a Hook is a set of names (CloudFormation template reference, AWS::CloudFormation::LambdaHook)."""
    if isinstance(value, Mapping):
        return {name: _unordered(one) for name, one in value.items()}
    return sorted(map(repr, value)) if isinstance(value, list) else value


_MESSAGE: Final = frozenset({"Id", "InputTransformer"})
"""Of a target: what the message says."""
_SELECTED: Final = {"IncludeManagementEvents": "true", "ReadWriteType": "All"}
"""By default (CloudTrail API, EventSelector); an empty list names nothing."""
_PLAIN: Final[Mapping[str, Callable[[object], object]]] = {
    "BucketEncryption": _encryption,
    "EventSelectors": lambda value: _each(
        value, lambda one: {**_SELECTED, **{name: below for name, below in one.items() if below != []}}
    ),
    "KmsMasterKeyId": _id_of_key,
    "StackFilters": _unordered,
    "StackInstancesGroup": instances,
    "TargetFilters": _unordered,
    "TargetOperations": _unordered,
    "Targets": lambda value: _each(
        value, lambda one: {name: below for name, below in one.items() if name not in _MESSAGE}
    ),
    "TemplateBody": types_in,
}
"""By property: its value without what decides nothing."""


def differs(where: str, what: str) -> Finding:
    """Something is written differently, and lets no more through."""
    return Finding(Kind.NOT_PROVED, f"{where}: {what} is written differently from what is declared", AGAIN)


def unknown(what: str) -> Finding:
    """Nothing is expected there."""
    return Finding(Kind.NOT_PROVED, f"{what}: the proof does not know what it grants", _APART)


def undeclared(what: str) -> Finding:
    """More than is declared."""
    return Finding(Kind.INVENTORY, what, f"{_APART}, or declare it")
