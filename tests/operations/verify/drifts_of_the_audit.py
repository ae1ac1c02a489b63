"""Drifts of stack protection, trails and auditors."""

from __future__ import annotations

import json

from tests.operations.verify.deployed import CENTRAL, HOME, OTHER, Deployed
from tests.operations.verify.drift import Found, Undo


def unprotect(d: Deployed) -> tuple[Found, Undo]:
    cloudformation, name = d.root(CENTRAL, "cloudformation"), "tenant-keys-cell-eu-west-1-001"

    def protect(*, on: bool) -> None:
        cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=on)

    protect(on=False)
    return {("stack-protection", name)}, lambda: protect(on=True)


def stop_trail(d: Deployed) -> tuple[Found, Undo]:
    trail = d.root(CENTRAL, "cloudtrail")
    trail.stop_logging(Name="organization")
    found = {("trail-silent", f"trails in {region}") for region in (HOME, OTHER)}
    return found, lambda: trail.start_logging(Name="organization")


def exclude_kms(d: Deployed) -> tuple[Found, Undo]:
    trail = d.root(CENTRAL, "cloudtrail")

    def exclude(sources: list[str]) -> None:
        selector = {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "ExcludeManagementEventSources": sources,
        }
        trail.put_event_selectors(TrailName="organization", EventSelectors=[selector])

    exclude(["kms.amazonaws.com"])
    return {("trail-silent", f"trails in {region}") for region in (HOME, OTHER)}, lambda: exclude([])


def warn(d: Deployed) -> tuple[Found, Undo]:
    """The Hook of changes only warns, by CloudFormation's registry: no template of a stack shows it."""
    cloudformation, name = d.root(CENTRAL, "cloudformation"), "TenantKeys::Deletion::tenantkeysStacks"
    asked = {"Type": "HOOK", "TypeName": name, "TypeConfigurationAlias": "default"}
    described = cloudformation.batch_describe_type_configurations(TypeConfigurationIdentifiers=[asked])
    before = described["TypeConfigurations"][0]["Configuration"]

    def configure(text: str) -> None:
        cloudformation.set_type_configuration(Type="HOOK", TypeName=name, Configuration=text)

    configure(before.replace('"FAIL"', '"WARN"'))
    return {("hook", "TenantKeys-Deletion-tenantkeysStacks")}, lambda: configure(before)


def auditor(d: Deployed) -> tuple[Found, Undo]:
    iam, name = d.root(CENTRAL, "iam"), "AWSServiceRoleForConfig"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    path = "/aws-service-role/config.amazonaws.com/"
    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust))
    return {("auditor-locked-out", name)}, lambda: iam.delete_role(RoleName=name)
