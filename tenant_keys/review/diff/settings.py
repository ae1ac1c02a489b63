"""What is no policy and yet decides who may do what: settings of roles, pods, providers, parameters, and of the stacks.

Every property of every resource is compared. What is known to be harmless, or to take away only, is a note; everything
else needs a review. Keys and aliases have comparisons of their own (`keys`), and so have policies (`access`,
`safeguards`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tenant_keys.review.assembly import Resource, StackArtifact
from tenant_keys.review.diff.called import called, kind_in_words
from tenant_keys.review.diff.change import Change, Severity
from tenant_keys.review.diff.tag_changes import changed_tags, in_words
from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.reviewed import Place, ReviewedEstate

_LONGEST: Final = 300
"""Characters of a value that are shown."""
_ELSEWHERE: Final = frozenset({"AWS::CDK::Metadata", "AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"})
_DEFAULTS: Final[Mapping[tuple[str, str], object]] = {
    ("AWS::IAM::Role", "MaxSessionDuration"): 3600,
    ("AWS::KMS::Key", "Enabled"): True,
    ("AWS::KMS::Key", "EnableKeyRotation"): False,
    ("AWS::KMS::Key", "KeySpec"): "SYMMETRIC_DEFAULT",
    ("AWS::KMS::Key", "KeyUsage"): "ENCRYPT_DECRYPT",
    ("AWS::KMS::Key", "MultiRegion"): False,
    ("AWS::KMS::Key", "Origin"): "AWS_KMS",
    ("AWS::KMS::Key", "PendingWindowInDays"): 30,
    ("AWS::KMS::Key", "RotationPeriodInDays"): 365,
    ("AWS::KMS::ReplicaKey", "Enabled"): True,
    ("AWS::KMS::ReplicaKey", "PendingWindowInDays"): 30,
    ("AWS::IAM::Role", "Path"): "/",
    ("AWS::IAM::ManagedPolicy", "Path"): "/",
    ("AWS::IAM::InstanceProfile", "Path"): "/",
    ("AWS::EKS::PodIdentityAssociation", "DisableSessionTags"): False,
    ("AWS::SSM::Parameter", "Tier"): "Standard",
    ("AWS::SSM::Parameter", "DataType"): "text",
    ("AWS::RolesAnywhere::Profile", "DurationSeconds"): 3600,
}
"""Default values (CloudFormation template reference, page of each type): spelling one out changes nothing."""
_CREATED_IS_A_NOTE: Final = frozenset(
    # What a created role or policy allows, and to whom, is compared; a policy of the organization only takes away.
    {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::RolePolicy"}
    | {"AWS::Organizations::Policy", "AWS::SSM::Parameter"}
)
_REMOVED_NEEDS_REVIEW: Final = frozenset({"AWS::Organizations::Policy"})


def _never(_before: Any, _after: Any) -> bool:
    return False


def _always(_before: Any, _after: Any) -> bool:
    return True


def _smaller(before: Any, after: Any) -> bool:
    return str(before).isdecimal() and str(after).isdecimal() and int(after) <= int(before)


def _added(before: Any, after: Any) -> bool:
    return before is None and after is not None


def _fewer(before: Any, after: Any) -> bool:
    return set(map(_text, after or [])) <= set(map(_text, before or []))


def _more(before: Any, after: Any) -> bool:
    return _fewer(after, before)


_TAKES_AWAY: Final[Mapping[tuple[str, str], Callable[[Any, Any], bool]]] = {
    ("AWS::EKS::PodIdentityAssociation", "Policy"): _added,
    ("AWS::IAM::OIDCProvider", "ClientIdList"): _fewer,
    ("AWS::IAM::Role", "MaxSessionDuration"): _smaller,
    ("AWS::IAM::Role", "PermissionsBoundary"): _added,
    ("AWS::Organizations::Policy", "TargetIds"): _more,
    ("AWS::RolesAnywhere::Profile", "DurationSeconds"): _smaller,
    ("AWS::RolesAnywhere::Profile", "SessionPolicy"): _added,
}
"""Whether a change only takes power away. A boundary or a session policy allows nothing by itself (IAM guide)."""
_HARMLESS: Final = frozenset({"Description", "Tags"})
"""A tag of a role is a tag of its sessions: what it opens is compared as access."""


_CONTROL_POLICIES: Final = frozenset({"RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY"})


def setting_changes(before: ReviewedEstate, after: ReviewedEstate) -> Iterator[Change]:
    """Every setting that differs; alike changes of many resources are one, with a count."""
    found: dict[tuple[Severity, str, str], list[str]] = {}
    for severity, rule, form, sentence in _each(_rows(before), _rows(after)):
        found.setdefault((severity, rule, form), []).append(sentence)
    for (severity, rule, _), sentences in found.items():
        more = f"; alike for {len(sentences) - 1:,} more" if len(sentences) > 1 else ""
        yield Change(severity, rule, sentences[0] + more, count=len(sentences))


def stack_changes(before: tuple[StackArtifact, ...], after: tuple[StackArtifact, ...]) -> Iterator[Change]:
    """What differs in how stacks are deployed and protected."""
    old = {(one.account, one.region, one.name): one for one in before}
    for stack in after:
        was = old.get((stack.account, stack.region, stack.name))
        if was is None:
            continue
        if was.termination_protection and not stack.termination_protection:
            message = f"termination protection of the stack {stack.name} is switched off"
            yield Change(Severity.REVIEW, "termination-protection", message, stack=stack.name, fix="keep it for keys")
        if stack.termination_protection and not was.termination_protection:
            message = f"termination protection of the stack {stack.name} is switched on"
            yield Change(Severity.NOTE, "termination-protection", message, stack=stack.name)
        for what, one, other in (
            ("execution role", was.execution_role, stack.execution_role),
            ("deployment role", was.deploy_role, stack.deploy_role),
        ):
            if one != other:
                message = f"the {what} of the stack {stack.name}: {_shown(one)} becomes {_shown(other)}"
                yield Change(Severity.REVIEW, "deployment", message, stack=stack.name)
        if was.tags != stack.tags:
            message = f"tags of the stack {stack.name}: {in_words(changed_tags(was.tags, stack.tags))}"
            yield Change(Severity.NOTE, "stack-tags", message, stack=stack.name)


_Rows = Mapping[Place, tuple[str, str, Mapping[str, Any]]]
"""Type, name and settings of each resource."""


def _rows(reviewed: ReviewedEstate) -> _Rows:
    return {
        place: (resource.type, called(resource), settings_of(resource))
        for place, resource in reviewed.resources.items()
        if resource.type not in _ELSEWHERE
    }


def _each(before: _Rows, after: _Rows) -> Iterator[tuple[Severity, str, str, str]]:
    for place, (kind, name, properties) in after.items():
        was = before.get(place)
        if was is None or was[0] != kind:
            severity = Severity.NOTE if kind in _CREATED_IS_A_NOTE else Severity.REVIEW
            yield severity, "created", kind, f"{kind_in_words(kind)} {name} is created{_details(kind, properties)}"
            continue
        elsewhere = {"Content"} if kind == _CONTROL and _as_safeguards(was[2], properties, before, after) else set()
        for setting in sorted((was[2].keys() | properties.keys()) - elsewhere):
            one, other = was[2].get(setting), properties.get(setting)
            if one != other:
                takes_away = _always if setting in _HARMLESS else _TAKES_AWAY.get((kind, setting), _never)
                severity = Severity.NOTE if takes_away(one, other) else Severity.REVIEW
                if setting == "Tags" and (changed := changed_tags(one, other)):
                    form = f"{kind} Tags {' '.join(changed)}"
                    yield severity, "setting", form, f"Tags of {kind_in_words(kind)} {was[1]}: {in_words(changed)}"
                    continue
                shown = [_shown(_DEFAULTS.get((kind, setting)) if value is None else value) for value in (one, other)]
                sentence = f"{setting} of {kind_in_words(kind)} {was[1]}: {shown[0]} becomes {shown[1]}"
                yield severity, "setting", f"{kind} {setting}", sentence
    for place, (kind, name, _) in before.items():
        now = after.get(place)
        if now is None or now[0] != kind:
            severity = Severity.REVIEW if kind in _REMOVED_NEEDS_REVIEW else Severity.NOTE
            yield severity, "removed", kind, f"{kind_in_words(kind)} {name} is removed"


_CONTROL: Final = "AWS::Organizations::Policy"


def _as_safeguards(was: Mapping[str, Any], now: Mapping[str, Any], before: _Rows, after: _Rows) -> bool:
    """Whether `safeguards` compares all that both documents say.

    It knows a control policy by type and target, so there must be one of each; and of actions with wildcards it knows
    those of KMS and STS alone.
    """
    place = (now.get("Type"), now.get("TargetIds"))
    targets = now.get("TargetIds")
    if now.get("Type") not in _CONTROL_POLICIES or not isinstance(targets, list) or len(targets) != 1:
        return False
    for rows in (before, after):
        alike = [one for kind, _, one in rows.values() if kind == _CONTROL and one.get("Type") == now["Type"]]
        if [(one.get("Type"), one.get("TargetIds")) for one in alike] != [place]:
            return False
    return was.get("Type") == now["Type"] and all(map(_names_each_action, (was.get("Content"), now.get("Content"))))


def _names_each_action(content: object) -> bool:
    try:
        document = json.loads(content) if isinstance(content, str) else content
    except ValueError:
        return False
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    found: list[object] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action") if isinstance(statement, Mapping) else None
        found += actions if isinstance(actions, list) else [actions]
    return all(
        isinstance(one, str) and (one.lower().startswith(("kms:", "sts:")) or not has_wildcard(one)) for one in found
    )


def _details(kind: str, properties: Mapping[str, Any]) -> str:
    """What a created resource opens, where no policy says so."""
    if kind != "AWS::EKS::PodIdentityAssociation":
        return ""
    pod = f"service account {properties.get('ServiceAccount')} of namespace {properties.get('Namespace')}"
    return f": {pod} in cluster {properties.get('ClusterName')} becomes {properties.get('RoleArn')}"


def default_of(kind: str, name: str) -> object:
    """What AWS takes where a property is left out, in one form for all that mean the same; None: there is none."""
    return _plain(_DEFAULTS.get((kind, name)))


def settings_of(resource: Resource) -> dict[str, Any]:
    """The properties in one form for all that mean the same: without defaults, empty lists, order of lists."""
    found = {name: _plain(value) for name, value in resource.properties.items()}
    found = {
        name: value
        for name, value in found.items()
        if value not in ([], {}) and value != _plain(_DEFAULTS.get((resource.type, name)))
    }
    for name, kept in (
        ("DeletionPolicy", resource.deletion_policy),
        ("UpdateReplacePolicy", resource.update_replace_policy),
    ):
        if kept not in (None, "Delete") and resource.type not in _ELSEWHERE:
            found[name] = kept
    return found


def _plain(value: object) -> Any:
    """Booleans and numbers as CloudFormation takes them, in text or not; lists of these types are sets."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return sorted((_plain(one) for one in value), key=_text)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, str) and value.startswith("{"):
        try:
            return _text(json.loads(value))  # a document in text, whose spaces and order mean nothing
        except ValueError:
            return value
    return value


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: object) -> str:
    if value is None:
        return "none"
    value = _plain(value)
    text = value if isinstance(value, str) else _text(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
