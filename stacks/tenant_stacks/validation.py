"""What is checked at every synth, and the findings that are accepted: all of them are in this one list."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks

from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.policy.acknowledged import (
    HOOK_CALLED,
    HOOK_LOGS,
    HOOK_NETWORK,
    INLINE_POLICY,
    RECORDS_COPIED,
    RECORDS_ENCRYPTED,
    RECORDS_READ,
    RECORDS_WATCHED,
    why_no_rotation,
)
from tenant_keys.policy.deletion_hook import function_policy
from tenant_keys.policy.names import access_roles_arn, keys_of_account
from tenant_stacks.isolation import IsolationProof
from tenant_stacks.members import key_cells, role_cells
from tenant_stacks.pattern import NOT_ONLY_NAMES, NotOnlyNames
from tenant_stacks.placement import Stamped, reporting_places, role_region
from tenant_stacks.template_limits import REFUSED_TEMPLATE

SOLUTIONS = "AwsSolutions::AwsSolutions"
"""With the name of the pack, an accepted finding still is in `validation-report.json`; without, it is gone."""


NIST, HIPAA, PCI = (f"{pack}::{pack}" for pack in ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"))
"""Packs of cdk-nag that a team may add; the findings on these stacks are acknowledged for them."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One finding that is no mistake, at the construct of this path."""

    scope: tuple[str, ...]
    finding: str
    reason: str


def add_validations(app: App, estate: Estate, stamped: Stamped = frozenset()) -> IsolationProof:
    """Have the synth fail on findings that are not accepted. Call it when all stacks are there.

    `stamped`: what `add_stacks` returned, the members that have no construct whose finding could be accepted.

    Returns:
        The proof, which runs in the synth.
    """
    for accepted in (finding for each in estate.key_accounts for finding in accepted_findings(each)):
        if accepted.scope in stamped:
            continue
        scope = app.node.find_child(accepted.scope[0])
        for construct_id in accepted.scope[1:]:
            scope = scope.node.find_child(construct_id)
        Validations.of(scope).acknowledge(Acknowledgment(id=accepted.finding, reason=accepted.reason))
    proof = IsolationProof(estate)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), proof)
    return proof


def synthesize(app: App) -> None:
    """Write the cloud assembly. Where a validation fails, the CDK prints the findings and the synth ends with 1.

    A template that CloudFormation would refuse ends it with what is too large.

    Raises:
        NotOnlyNames: members without a construct could differ from those that have one by more than their names.
    """
    try:
        app.synth()
    except RuntimeError as error:
        # jsii turns every error of a synth into this one; its message tells which it was.
        if NOT_ONLY_NAMES in str(error):
            raise NotOnlyNames(f"{error}") from error
        if REFUSED_TEMPLATE in str(error):
            sys.exit(f"{error}")
        if "ValidationFailed" not in str(error):
            raise
        sys.exit(1)


def accepted_findings(estate: Estate) -> list[Accepted]:
    """Every finding that is accepted anywhere in the stacks of one key account, each with its reason."""
    return [
        *_keys_without_rotation(estate),
        *_inline_policies(estate),
        *_every_key_of_the_account(estate),
        *_every_role_of_a_workload(estate),
        *_hooks(estate),
        *_own_trail(estate),
    ]


def _keys_without_rotation(estate: Estate) -> Iterator[Accepted]:
    for region, number, tenants in key_cells(estate):
        for tenant in tenants:
            reason = why_no_rotation(tenant)
            if reason is not None:
                scope = (names.key_stack(region, number, estate.naming), tenant.id)
                yield Accepted(scope, f"{SOLUTIONS}-KMS5", reason)
                for pack in (NIST, PCI):
                    yield Accepted(scope, f"{pack}-KMSBackingKeyRotationEnabled", reason)


def _custodians(estate: Estate) -> list[str]:
    """The stacks of keys in which customers' import roles are."""
    return [
        names.key_stack(region, number, estate.naming)
        for region, number, tenants in key_cells(estate)
        if any(tenant.custodian for tenant in tenants)
    ]


def _inline_policies(estate: Estate) -> Iterator[Accepted]:
    """Of every role: the packs that ask for managed policies are not run here, and find them acknowledged."""
    stacks = {names.role_stack(number, estate.naming) for number, _ in role_cells(estate)}
    stacks |= set(_custodians(estate))
    for workload in estate.workloads.values():
        if workload.access != "tenant-role":
            stacks.add(names.shared_access(estate.naming))
        if workload.access != "web-identity" and workload.existing_role is None:
            stacks.add(names.workload_stack(workload.account, role_region(workload, estate), estate.naming))
    stacks |= {names.workload_stack(account, region, estate.naming) for account, region in reporting_places(estate)}
    if estate.central.deletion_hook:
        stacks |= {names.hook_stack(region, estate.naming) for region in estate.central.regions}
    for stack in sorted(stacks):
        for pack in (NIST, HIPAA, PCI):
            yield Accepted((stack,), f"{pack}-IAMNoInlinePolicy", INLINE_POLICY)


def _hooks(estate: Estate) -> Iterator[Accepted]:
    """Of the CloudFormation Hook's function and its log group."""
    for region in estate.central.regions if estate.central.deletion_hook else ():
        stack = names.hook_stack(region, estate.naming)
        streams = function_policy(region, estate)["Statement"][0]["Resource"]
        reason = "Log streams have names that AWS Lambda chooses, in the one log group."
        yield Accepted((stack,), f"{SOLUTIONS}-IAM5[Resource::{streams}]", reason)
        for pack in (NIST, HIPAA, PCI):
            yield Accepted((stack,), f"{pack}-CloudWatchLogGroupEncrypted", HOOK_LOGS)
            yield Accepted((stack,), f"{pack}-LambdaInsideVPC", HOOK_NETWORK)
        for pack in (NIST, HIPAA):
            yield Accepted((stack,), f"{pack}-LambdaConcurrency", HOOK_CALLED)
            yield Accepted((stack,), f"{pack}-LambdaDLQ", HOOK_CALLED)


def _own_trail(estate: Estate) -> Iterator[Accepted]:
    """Of the key account's own trail and its bucket."""
    if estate.audit is None or not estate.audit.own_trail:
        return
    stack = names.trail(estate.naming)
    trail, bucket = (stack, "Trail", "Trail"), (stack, "Trail", "Bucket")
    yield Accepted(bucket, f"{SOLUTIONS}-S1", RECORDS_READ)
    for pack in (NIST, HIPAA, PCI):
        yield Accepted(bucket, f"{pack}-S3BucketLoggingEnabled", RECORDS_READ)
        yield Accepted(bucket, f"{pack}-S3BucketReplicationEnabled", RECORDS_COPIED)
        yield Accepted(bucket, f"{pack}-S3DefaultEncryptionKMS", RECORDS_ENCRYPTED)
        yield Accepted(trail, f"{pack}-CloudTrailEncryptionEnabled", RECORDS_ENCRYPTED)
        yield Accepted(trail, f"{pack}-CloudTrailCloudWatchLogsEnabled", RECORDS_WATCHED)


def _every_key_of_the_account(estate: Estate) -> Iterator[Accepted]:
    """`key/*` of one account and Region in an access role's policy.

    The key's id is not known before it exists, and only the alias condition may choose it; see
    `docs/decisions/0002-key-star-under-an-alias-condition.md`.
    """
    reason = (
        "Every Allow on key/* has an alias condition that matches the tenant's one key, and each key's policy denies "
        "all other roles."
    )
    stacks = [names.role_stack(number, estate.naming) for number, _ in role_cells(estate)]
    stacks += _custodians(estate)
    if any(workload.access != "tenant-role" for workload in estate.workloads.values()):
        stacks.append(names.shared_access(estate.naming))
    for stack in stacks:
        for keys in keys_of_account(estate.central.regions, estate.central.account):
            yield Accepted((stack,), f"{SOLUTIONS}-IAM5[Resource::{keys}]", reason)


def _every_role_of_a_workload(estate: Estate) -> Iterator[Accepted]:
    """`role/tenant-keys/<workload>/*` in the policy of a workload with a role for each tenant."""
    reason = (
        "The path holds this workload's access roles and nothing else, thousands of which would not fit the policy; "
        "the trust policy of each names this role."
    )
    for workload in estate.workloads.values():
        if workload.access == "tenant-role":
            stack = names.workload_stack(workload.account, role_region(workload, estate), estate.naming)
            roles = f"{access_roles_arn(workload, estate)}*"
            yield Accepted((stack, workload.name), f"{SOLUTIONS}-IAM5[Resource::{roles}]", reason)
