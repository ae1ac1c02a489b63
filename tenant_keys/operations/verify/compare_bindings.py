"""What binds principals to roles beside trust policies, and tells workloads of them, against the assembly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tenant_keys.operations.verify.compare_roles import Baseline
from tenant_keys.operations.verify.deployed_state import DeployedState
from tenant_keys.operations.verify.expected import Expected
from tenant_keys.operations.verify.finding import DriftFinding


@dataclass(frozen=True, slots=True)
class BindingComparison:
    """One comparison."""

    state: DeployedState
    expected: Expected
    before: Baseline

    def findings(self) -> Iterator[DriftFinding]:
        """All of them."""
        yield from self._instance_profiles()
        yield from self._providers()
        yield from self._parameters()
        yield from self._associations()
        yield from self._anywhere()

    def _unread(self, account: str, api: str, subject: str = "") -> bool:
        return self.state.is_unknown(account, self.state.scope.identity_region(account), api, subject)

    def _of(
        self, account: str, kind: str, resource: str, what: str, expected: str, found: str, region: str = "global"
    ) -> DriftFinding:
        return DriftFinding(kind, account, region, resource, what, expected, found)

    def _instance_profiles(self) -> Iterator[DriftFinding]:
        wanted = set(self.expected.reviewed.inventory.instances)
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for role in self.state.roles.values():
            place = (role.account, role.arn.rpartition("/")[2])
            if self.expected.is_ours(role.arn) or place in wanted:
                found[place] = role.instance_profiles
        for account, name in sorted(wanted | {place for place, profiles in found.items() if profiles}):
            if self._unread(account, "iam:GetAccountAuthorizationDetails"):
                continue
            profiles, most = found.get((account, name), ()), 1 if (account, name) in wanted else 0
            if len(profiles) != most:
                what = (
                    f"{len(profiles)} instance profiles have the role {name} ({', '.join(profiles)}); expected {most}"
                )
                yield self._of(account, "instance-profile", name, what, str(most), ", ".join(profiles))

    def _providers(self) -> Iterator[DriftFinding]:
        for account, arn in self.state.scope.providers:
            if self._unread(account, "iam:GetOpenIDConnectProvider", arn):
                continue
            found, wanted = self.state.providers.get(arn), self.expected.reviewed.inventory.providers.get(arn)
            if found is None:
                yield self._of(account, "identity-provider", arn, "the identity provider does not exist", arn, "")
                continue
            audiences, prints = sorted(found.get("ClientIDList") or ()), sorted(found.get("ThumbprintList") or ())
            if wanted is not None and audiences != sorted(wanted):
                what = f"it accepts the audiences {', '.join(audiences)}; expected {', '.join(sorted(wanted))}"
                yield self._of(account, "identity-provider", arn, what, ", ".join(sorted(wanted)), ", ".join(audiences))
            needed = self.state.scope.audiences(arn) if wanted is None else set()
            if missing := sorted(needed - set(audiences)):
                what = f"it does not accept the audience {', '.join(missing)}"
                yield self._of(account, "identity-provider", arn, what, ", ".join(missing), ", ".join(audiences))
            before = self.before.thumbprints.get(arn)
            if before is not None and before != prints:
                now, earlier = (", ".join(several) or "none" for several in (prints, before))
                what = f"its thumbprints are {now}; the earlier record has {earlier}"
                yield self._of(account, "identity-provider", arn, what, ", ".join(before), ", ".join(prints))

    def _parameters(self) -> Iterator[DriftFinding]:
        wanted = {(one.account, one.region, one.name): one.value for one in self.expected.reviewed.inventory.parameters}
        path = self.state.scope.estate.naming.role_path
        for (account, region, name), value in wanted.items():
            found = self.state.parameters.get((account, region, name))
            if found is None:
                if not self.state.is_unknown(account, region, "ssm:GetParametersByPath", path):
                    yield self._of(account, "parameter", name, "the parameter does not exist", value, "", region)
            elif found.get("Type") != "String" or _json(found.get("Value")) != _json(self.expected.resolved(value)):
                what = "the parameter does not have the value that is declared"
                yield self._of(account, "parameter", name, what, value, str(found.get("Value")), region)
        for account, region, name in sorted(self.state.parameters.keys() - wanted.keys()):
            yield self._of(account, "parameter", name, "a parameter of no workload", "", name, region)

    def _associations(self) -> Iterator[DriftFinding]:
        wanted = {
            (one.account, one.region, one.cluster, one.namespace, one.service_account): one
            for one in self.expected.reviewed.inventory.pods
        }
        seen = set()
        for account, region, one in self.state.associations:
            where = (
                account,
                region,
                str(one.get("clusterName")),
                str(one.get("namespace")),
                str(one.get("serviceAccount")),
            )
            name, role = "/".join(where[2:]), str(one.get("roleArn"))
            declared = wanted.get(where)
            got = (role, one.get("targetRoleArn") or None, not one.get("disableSessionTags"))
            if declared is None:
                if self.expected.is_ours(role):
                    what = f"the pods {name} get sessions of {role}, which is not declared"
                    yield self._of(account, "pod-association", name, what, "", role, region)
            elif got != (declared.role, declared.target, declared.tagged) or where in seen:
                what = (
                    f"the pods {name} get {role}, target {got[1] or 'none'}, session tags {'on' if got[2] else 'off'}"
                )
                yield self._of(account, "pod-association", name, what, declared.role, role, region)
            seen.add(where)
        for where in sorted(wanted.keys() - seen):
            if not self._refused(where[0], where[1], "eks:"):
                name = "/".join(where[2:])
                what = f"no association gives the pods {name} their role"
                yield self._of(where[0], "pod-association", name, what, wanted[where].role, "", where[1])

    def _anywhere(self) -> Iterator[DriftFinding]:
        """Trust anchors by what they trust, profiles by the roles that they hand out."""
        inventory = self.expected.reviewed.inventory
        expected: list[tuple[str, str, str]] = []
        for arn, authority in inventory.anchors.items():
            expected.append((arn.split(":")[4], arn.split(":")[3], f"trust anchor for {authority}"))
        expected += [(account, region, f"profile for {arn}") for account, region, arn in inventory.profiles]
        found: list[tuple[str, str, str]] = []
        for account, region, one in self.state.anchors:
            data = (one.get("source") or {}).get("sourceData") or {}
            authority = data.get("acmPcaArn") or f"a certificate ({one.get('name')})"
            if one.get("enabled"):
                found.append((account, region, f"trust anchor for {authority}"))
        for account, region, one in self.state.profiles:
            roles = one.get("roleArns") or () if one.get("enabled") else ()
            found += [(account, region, f"profile for {role}") for role in roles]
        for place in sorted(set(expected) | set(found)):
            account, region, what = place
            counts = (expected.count(place), found.count(place))
            ours = what.startswith("trust anchor") or self.expected.is_ours(what.removeprefix("profile for "))
            if counts[0] == counts[1] or (not ours and not counts[0]):
                continue
            if counts[0] > counts[1] and self._refused(account, region, "rolesanywhere:List"):
                continue
            counted = f"{counts[1]} enabled; expected {counts[0]}: {what}"
            yield self._of(account, "trust-anchor", what, counted, str(counts[0]), str(counts[1]), region)

    def _refused(self, account: str, region: str, apis: str) -> bool:
        return any(
            (u.ask.account, u.ask.region) == (account, region) and u.ask.api.startswith(apis)
            for u in self.state.unknown
        )


def _json(value: object) -> object:
    """The value as JSON where it is JSON: the spelling decides nothing."""
    try:
        return json.loads(str(value))
    except ValueError:
        return value
