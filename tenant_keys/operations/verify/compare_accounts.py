"""Stacks, trails and auditors: what surrounds the keys."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.aws_facts.auditors import SERVICE_LINKED_ROLES
from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.stack_names import prefix_of
from tenant_keys.operations.preflight import GONE, SOUND
from tenant_keys.operations.verify.deployed_state import DeployedState
from tenant_keys.operations.verify.expected import Expected
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.review.assembly import StackArtifact
from tenant_keys.review.iam import Policies, Policy, Principal, PrincipalKind, Request, authorize
from tenant_keys.review.iam.errors import InvalidRequest, UnsupportedPolicy
from tenant_keys.review.proof.marks import marked
from tenant_keys.review.proof.promise import AUDITING

_KMS: Final = "kms.amazonaws.com"
_DECLARED: Final[Mapping[str, object]] = {
    "IsMultiRegionTrail": True,
    "IsOrganizationTrail": False,
    "IncludeGlobalServiceEvents": True,
    "LogFileValidationEnabled": True,
    "HasInsightSelectors": False,
}
_ADDED: Final = frozenset(
    {
        *("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId", "S3KeyPrefix", "SnsTopicARN"),
        "SnsTopicName",
    }
)
"""What a trail may have besides, and the template does not: keys, copies and notices of another owner.

Source: CloudTrail API, Trail, for all fields of a trail here.
"""
_SAID_BY_SELECTORS: Final = "HasCustomEventSelectors"
_SELECTOR: Final[Mapping[str, object]] = {"IncludeManagementEvents": True, "ReadWriteType": "All"}
"""The one event selector of the template; of the rest, nothing (CloudTrail API, EventSelector)."""
_EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True)
class AccountComparison:
    """One comparison."""

    state: DeployedState
    expected: Expected

    def findings(self) -> Iterator[DriftFinding]:
        """All of them."""
        yield from self._stacks()
        for region in () if self.state.scope.keys_alone else self.state.scope.regions:
            yield from self._trails(region)
        yield from self._auditors()
        for one in self.state.unknown:
            ask = one.ask
            name = f"{ask.api} {ask.subject}".rstrip()
            yield DriftFinding("unknown", ask.account, ask.region, name, f"{ask.api}: {one.why}")

    def _stacks(self) -> Iterator[DriftFinding]:
        artifacts = {(one.account, one.region, one.name): one for one in self.state.scope.artifacts}
        for place, artifact in artifacts.items():
            account, region, name = place
            if self.state.is_unknown(account, region, "cloudformation:DescribeStacks"):
                continue
            stack = self.state.stacks.get(place)
            if stack is None or stack["StackStatus"] in GONE:
                yield self._stack(place, "the stack is not deployed", name, "")
                continue
            differences = list(self._differences(place, artifact, stack))
            if differences:
                yield self._stack(
                    place, "; ".join(differences), self.state.scope.digests[place], self.state.digests.get(place, "")
                )
        prefixes = {prefix_of(name) for _, _, name in artifacts} - {None}
        for place, stack in self.state.stacks.items():
            left = prefix_of(place[2]) in prefixes and stack["StackStatus"] not in GONE
            if place not in artifacts and left and not self.state.scope.keys_alone:
                yield self._stack(place, "the assembly does not hold this stack", "", place[2])

    def _differences(
        self, place: tuple[str, str, str], artifact: StackArtifact, stack: Mapping[str, Any]
    ) -> Iterator[str]:
        if stack["StackStatus"] not in SOUND:
            yield f"its status is {stack['StackStatus']}"
        if artifact.termination_protection and not stack.get("EnableTerminationProtection"):
            yield "termination protection is off"
        if place in self.state.digests and self.state.digests[place] != self.state.scope.digests[place]:
            yield "its template is not that of the assembly"
        if stack.get("RoleARN") != artifact.execution_role:
            yield f"it is deployed as {stack.get('RoleARN')}, not as {artifact.execution_role}"

    def _stack(self, place: tuple[str, str, str], what: str, expected: str, found: str) -> DriftFinding:
        return DriftFinding("stack-protection", place[0], place[1], place[2], what, expected, found)

    # --- CloudTrail

    def _trails(self, region: str) -> Iterator[DriftFinding]:
        account, problems = self.state.scope.central, []
        if self.state.is_unknown(account, region, "cloudtrail:DescribeTrails"):
            return
        yield from self._own_trail(region)
        for trail, status, selectors in self.state.trails.get(region, ()):
            arn = str(trail["TrailARN"])
            if not status or not selectors:
                continue  # unknown, by name
            problem = _silent(trail, status, selectors, region)
            if not problem:
                return
            problems.append(f"{arn}: {problem}")
        unread = [
            one for one in self.state.unknown if one.ask.api.startswith("cloudtrail:") and one.ask.region == region
        ]
        if not unread:
            what = "; ".join(problems) or "the account has no trail, its own or its organization's"
            yield DriftFinding("trail-silent", account, region, f"trails in {region}", what)

    def _own_trail(self, region: str) -> Iterator[DriftFinding]:
        """Whether the trail that the manifest asks for is as its template has it, and the only one with KMS's calls."""
        estate, account = self.expected.estate, self.state.scope.central
        if estate.audit is None or not estate.audit.own_trail or region != estate.central.home_region:
            return
        name = names.trail(estate.naming)
        own = f"arn:{estate.central.partition}:cloudtrail:{region}:{account}:trail/{name}"
        read = {str(trail["TrailARN"]): (trail, *rest) for trail, *rest in self.state.trails.get(region, ())}
        if own not in read:
            yield DriftFinding("trail-changed", account, region, name, "the account has no trail of this name", own, "")
            return
        trail, status, selectors = read.pop(own)
        declared: dict[str, object] = {
            "Name": name,
            "TrailARN": own,
            "S3BucketName": names.trail_bucket(account, estate.naming),
            "HomeRegion": region,
            **_DECLARED,
        }
        for field, value in sorted({**dict.fromkeys(declared), **trail}.items()):
            expected, what = declared.get(field), f"{field} is {value}"
            if field not in {*declared, *_ADDED, _SAID_BY_SELECTORS}:
                yield DriftFinding("unknown", account, region, name, f"{what}: this field of a trail is not known")
            elif field != _SAID_BY_SELECTORS and (value or None) != (expected or None):
                wanted = "" if expected is None else str(expected)
                yield DriftFinding("trail-changed", account, region, name, what, wanted, str(value))
        problem = _silent(trail, status, selectors, region) if status and selectors else ""
        if problem:
            yield DriftFinding("trail-changed", account, region, name, problem)
        elif selectors and (what := _other_selectors(selectors)):
            yield DriftFinding("trail-changed", account, region, name, what, json.dumps([_SELECTOR]))
        for arn, (other, status, selectors) in sorted(read.items()):
            if status and selectors and not _silent(other, status, selectors, region):
                what = f"{arn} has the calls of KMS too: the second copy is charged"
                yield DriftFinding("trail-twice", account, region, name, what)

    # --- auditors

    def _auditors(self) -> Iterator[DriftFinding]:
        central = self.expected.estate.central
        for auditor, reference in SERVICE_LINKED_ROLES.items():
            arn = f"arn:{central.partition}:iam::{central.account}:{reference}"
            if arn not in self.state.roles:
                continue
            classes: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
            for place, (tenant, _) in self.expected.record_of.items():
                key = self.state.keys.get(place)
                if key is not None and key.known:
                    text = marked(json.loads(str(key.policy)), self.expected.reviewed.promises[tenant])
                    classes[text].append((tenant, str(key.metadata["Arn"]), str(key.policy)))
            denied = [one for several in classes.values() if self._denied(auditor, arn, several[0]) for one in several]
            if denied:
                of = sum(map(len, classes.values()))
                what = f"{len(denied):,} of {of:,} keys deny it, the key of {denied[0][0]} among them"
                yield DriftFinding("auditor-locked-out", central.account, "global", arn, what, auditor, "")

    def _denied(self, auditor: str, role: str, key: tuple[str, str, str]) -> bool:
        """Whether the auditor may not read the key, by the evaluator, with every permission that IAM could give it."""
        _, arn, text = key
        account, region = arn.split(":")[4], arn.split(":")[3]
        session = (
            f"{role.replace(':iam::', ':sts::').partition(':role/')[0]}:assumed-role/{role.rpartition('/')[2]}/audit"
        )
        principal = Principal(
            kind=PrincipalKind.ROLE_SESSION,
            arn=session,
            account=account,
            role_arn=role,
            organization=self.expected.estate.organization,
            tags={},
        )
        policies = Policies(
            identity=(Policy.parse(_EVERYTHING, name="everything", kind="identity"),),
            resource=Policy.parse(text, name="key policy", kind="resource"),
        )
        for action in sorted(AUDITING[auditor]):
            context = {"aws:RequestedRegion": region}
            request = Request(
                principal=principal, action=action, resource=arn, resource_account=account, context=context
            )
            try:
                if not authorize(request, policies).allowed:
                    return True
            except (InvalidRequest, UnsupportedPolicy):
                return True
        return False


def _silent(trail: Mapping[str, Any], status: Mapping[str, Any], selectors: Mapping[str, Any], region: str) -> str:
    """Why a trail does not have the calls of KMS in a Region; empty where it has them all."""
    if not (trail.get("IsMultiRegionTrail") or trail.get("HomeRegion") == region):
        return f"a trail of {trail.get('HomeRegion')} alone"
    if not status.get("IsLogging"):
        return "it does not log"
    if status.get("LatestDeliveryError"):
        return f"its last delivery failed: {status['LatestDeliveryError']}"
    basic, advanced = selectors.get("EventSelectors") or (), selectors.get("AdvancedEventSelectors") or ()
    reasons = [_basic(one) for one in basic] + [_advanced(one) for one in advanced]
    if not reasons:
        return "it selects no events"
    return "" if "" in reasons else "; ".join(reasons)


def _other_selectors(selectors: Mapping[str, Any]) -> str:
    """How the event selectors differ from the template's; empty where they have the same events."""
    basic, advanced = selectors.get("EventSelectors") or (), selectors.get("AdvancedEventSelectors") or ()
    if advanced:
        return f"it has advanced event selectors: {json.dumps(advanced)}"
    given = [{name: value for name, value in one.items() if value not in (None, [])} for one in basic]
    return (
        "" if [{**_SELECTOR, **one} for one in given] == [_SELECTOR] else f"its event selectors are {json.dumps(given)}"
    )


def _basic(selector: Mapping[str, Any]) -> str:
    """Defaults: management events, all of them, nothing excluded (CloudTrail API, EventSelector)."""
    if not selector.get("IncludeManagementEvents", True):
        return "a selector without management events"
    if _KMS in (selector.get("ExcludeManagementEventSources") or ()):
        return f"it excludes {_KMS}"
    kind = selector.get("ReadWriteType", "All")
    return "" if kind == "All" else f"it has {kind} events alone: the use of keys is not among them"


def _advanced(selector: Mapping[str, Any]) -> str:
    """A selector has the events for which each of its fields holds (CloudTrail API, AdvancedEventSelector)."""
    for one in selector.get("FieldSelectors") or ():
        field, rest = one.get("Field"), {name: value for name, value in one.items() if name != "Field" and value}
        if field == "eventCategory" and rest == {"Equals": ["Management"]}:
            continue
        if field == "eventSource" and rest.keys() == {"Equals"} and _KMS in rest["Equals"]:
            continue
        if field == "eventSource" and rest.keys() == {"NotEquals"} and _KMS not in rest["NotEquals"]:
            continue
        return f"a selector by {field} {json.dumps(rest)}"
    return (
        ""
        if any(one.get("Field") == "eventCategory" for one in selector.get("FieldSelectors") or ())
        else "no category"
    )
