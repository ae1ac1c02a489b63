"""Resources compared with expected ones, property by property, each by what it means.

A policy that lets more through than the expected one is a breach; one that is merely written otherwise, or lets less
through, is not proved. Any other property has to be the expected one, in whichever spelling CloudFormation reads alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from tenant_keys.review.assembly import Resource
from tenant_keys.review.iam.wildcards import glob
from tenant_keys.review.proof.expected_documents import filled, read_expected
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.policy_differences import Said, compare_policies
from tenant_keys.review.proof.spelled import spelled
from tenant_keys.review.proof.stack_set import instances, listed_twice, types_in
from tenant_keys.review.proof.value_differences import described, first_difference

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
_POLICIES: Final = ("PolicyDocument", "Statement")
_SETS: Final = ("StackFilters", "StackInstancesGroup", "TargetFilters", "TargetOperations", "TemplateBody")
"""Properties of which no list has an order once it is in plain form."""
_FILTERS: Final = ("TargetFilters", "TargetOperations")
"""Of a Hook: what CloudFormation asks it about."""
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
    for resource in resources:
        place, where = place_of(resource), resource.where
        if place in found:
            yield undeclared(f"{where}: a second {resource.type} {place[3]}")
        found.add(place)
        if place in expected:
            yield from _compare(resource, expected[place])
        else:
            yield unknown(f"{where}: {resource.type}")
    for account, region, kind, name in sorted(expected.keys() - found):
        message = f"{kind} {name} is declared and in no template of {region} in {account}"
        yield Finding(Kind.INVENTORY, message, AGAIN)


def _compare(resource: Resource, expected: Mapping[str, object]) -> Iterator[Finding]:
    properties, where = resource.properties, resource.where
    for name in sorted(properties.keys() - expected.keys() - set(_FREE.get(resource.type, "").split())):
        yield unknown(f"{where}: {resource.type} {name}")
    for name, wanted in expected.items():
        got = properties.get(name)
        if name in _POLICIES:
            document, declared = (got, wanted) if name == "PolicyDocument" else ({name: got}, {name: wanted})
            yield from check_policy(f"{where}: {name}", [document], declared, resource.region)
        elif how := _difference(name, got, wanted):
            unclear = name in _EITHER_WAY or (name in _FILTERS and _not_fewer(got, wanted))
            yield Finding(Kind.NOT_PROVED if unclear else Kind.INVENTORY, f"{where}: {how}", AGAIN)
        if name == "StackInstancesGroup":
            for twice in listed_twice(got):
                yield Finding(Kind.NOT_PROVED, f"{where}: {name}{twice}", AGAIN)


def check_policy(
    named: str,
    got: Iterable[Any],
    declared: object,
    region: str,
    *,
    wider: Kind = Kind.INVENTORY,
    idle_denies: bool = False,
    fix: str = AGAIN,
) -> Iterator[Finding]:
    """Policies of one principal or resource against the declared one; `wider`: the kind where they let more through."""
    compared = compare_policies(got, declared, region, idle_denies=idle_denies)
    if compared.said is not Said.SAME:
        kind = wider if compared.said is Said.WIDER else Kind.NOT_PROVED
        yield Finding(kind, f"{named} {compared.sentence}", fix)


def check_role(
    inventory: Inventory,
    arn: str,
    whose: str,
    documents: Mapping[str, object],
    boundaries: Collection[str | None],
    region: str,
) -> Iterator[Finding]:
    """A role of no tenant against what is declared.

    Args:
        inventory: what the templates hold.
        arn: the role.
        whose: the role in words, such as "the Hook's role".
        documents: its declared trust policy and permissions policy.
        boundaries: permissions boundaries of which it has one; None for none.
        region: decides the partition of account ids.
    """
    fix = f"{AGAIN}; {whose} needs no other permission"
    role = inventory.roles.get(arn)
    if role is None:
        name = (arn.split(":")[4], arn.rpartition("/")[2])
        other = [one for one in inventory.roles if (one.split(":")[4], one.rpartition("/")[2]) == name]
        moved = f"; {other[0]} has its name and another path" if other else ""
        yield Finding(Kind.INVENTORY, f"{arn}: the role is declared and is in no template{moved}", AGAIN)
        return
    policies = {"trust policy": [role.trust], "permissions policy": [document for _, document in role.identity]}
    for what, got in policies.items():
        yield from check_policy(f"{arn}: the {what} of {whose}", got, documents[what], region, fix=fix)
    for managed in role.managed:
        yield Finding(Kind.INVENTORY, f"{arn}: {managed} is attached to {whose}, and is not declared", fix)
    if role.boundary not in boundaries:
        how = described("its permissions boundary", role.boundary, next(iter(boundaries)))
        yield Finding(Kind.INVENTORY, f"{arn}: {how}", fix)


def _difference(name: str, got: object, declared: object) -> str | None:
    """Where a property first differs; where nothing is declared, no value is right."""
    plain: Callable[[object], object] = _PLAIN.get(name, lambda value: value)
    if declared is None:
        return described(name, got, declared)
    return first_difference(name, plain(got), plain(declared), _alike, ordered=name not in _SETS)


def _not_fewer(got: object, declared: object) -> bool:
    """Whether each declared name is listed, or a pattern is that matches it: then the Hook may be asked more often."""
    if isinstance(got, Mapping) and isinstance(declared, Mapping):
        return got.keys() == declared.keys() and all(_not_fewer(got[name], declared[name]) for name in got)
    if not isinstance(got, list) or not isinstance(declared, list):
        return False
    tests = [glob(((str(one), False),)) for one in got]
    return all(any(test(one) for test in tests) for one in declared)


def _alike(got: object, declared: object) -> bool:
    return spelled(got) == spelled(declared)


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
    return sorted(value, key=str) if isinstance(value, list) else value


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


def differs(where: str, how: str) -> Finding:
    """Something is written differently, and lets no more through."""
    return Finding(Kind.NOT_PROVED, f"{where}: {how}", AGAIN)


def unknown(what: str) -> Finding:
    """Nothing is expected there."""
    return Finding(Kind.NOT_PROVED, f"{what}: the proof does not know what it grants", _APART)


def undeclared(what: str) -> Finding:
    """More than is declared."""
    return Finding(Kind.INVENTORY, what, f"{_APART}, or declare it")
