"""Control policies of AWS Organizations on the key account: what holds even where a key policy or an IAM policy fails.

The service control policy limits the account's own principals, its root user included; the resource control policy
limits anyone who asks for the account's keys and roles, from wherever. Neither limits the management account or
service-linked roles (Organizations guide, orgs_manage_policies_scps and orgs_manage_policies_rcps), and a resource
control policy reaches neither CloudTrail, SNS, EventBridge rules, IAM nor actions without a resource, so those are in
the service control policy alone.

No tenant is named: keys by the account, aliases by their pattern, import roles by their path. Every condition compares
who asks or what is sent. None reads tags of a resource or kms:ResourceAliases: both may be changed, and a condition
with ForAllValues holds where the key is absent, which stopped every deletion of an alias
(landing-zone-accelerator-on-aws, issues 686 and 741).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.policy import actions
from tenant_keys.policy.names import TENANT_TAG
from tenant_keys.policy.statement import EVERYONE, Condition, Document, Statement, anyone_but, deny, document

ALIASES: Final = ("kms:CreateAlias", "kms:DeleteAlias")
SETTINGS: Final = tuple(action for action in actions.DEPLOY if action not in ALIASES)
"""What the deployment roles alone change of a key, its policy first of all."""
OPENINGS: Final = ("kms:CreateGrant", "kms:UpdateAlias", "kms:UpdatePrimaryRegion")
"""What key policies deny to every principal. Here deployment and break-glass roles keep it, as they keep aliases: a
runbook then changes a key policy, and no policy of the management account."""
WITH_TAGS: Final = ("iam:CreateRole", "iam:CreateUser", "iam:TagRole", "iam:TagUser")
"""A tag of a role or user is a tag of all its sessions (IAM guide, id_session-tags)."""
TRAIL: Final = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
)
RULES: Final = (
    "events:DeleteRule",
    "events:DisableRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
)
TOPIC: Final = ("sns:AddPermission", "sns:DeleteTopic", "sns:RemovePermission", "sns:SetTopicAttributes")

_SENDS_TENANT: Final[Condition] = {"Null": {f"aws:RequestTag/{TENANT_TAG}": "false"}}
"""Names of condition keys ignore case, as names of tags do; values of aws:TagKeys do not."""


def service_control_policy(estate: Estate) -> Document:
    """What principals of the key account are denied. At most 10,240 characters."""
    central = estate.central
    return document(
        [
            *_keys(estate, [_keys_of(estate), _aliases_of(estate)]),
            _deny(
                "KeepLockoutCheck",
                ("kms:CreateKey", "kms:PutKeyPolicy"),
                "*",
                {**anyone_but([central.break_glass]), "Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}},
            ),
            _deny("ReserveTenantTag", WITH_TAGS, "*", _SENDS_TENANT),
            *(
                _deny(sid, of, _of_audit(estate, service, resource), anyone_but(central.deployers))
                for sid, of, service, resource in (
                    ("KeepTrail", TRAIL, "cloudtrail", "trail/"),
                    ("KeepRules", RULES, "events", "rule/"),
                    ("KeepTopic", TOPIC, "sns", ""),
                )
            ),
        ]
    )


def resource_control_policy(estate: Estate) -> Document:
    """What every principal is denied on keys and roles of the key account. At most 5,120 characters."""
    central, keys = estate.central, _keys_of(estate)
    roles = f"arn:{central.partition}:iam::{central.account}:role{estate.naming.role_path}"
    outside: Condition = {
        "StringNotEquals": {"aws:PrincipalOrgID": str(estate.organization)},
        # A service that acts for itself belongs to no organization; key policies name those that may.
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    everybody = [
        *_keys(estate, keys),
        _deny(
            "KeepLockoutCheck",
            ("kms:PutKeyPolicy",),
            keys,
            {**anyone_but([central.break_glass]), "Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}},
        ),
        _deny("DenyUseFromOutside", ("kms:*",), keys, outside),
        *_sessions(estate, roles, outside),
        deny(
            "ReserveTenantTag",
            ("sts:TagSession",),
            _SENDS_TENANT,
            NotResource=f"{roles}*/{estate.naming.role_prefix}shared.*",
        ),
    ]
    return document([{"Sid": one["Sid"], "Principal": EVERYONE, **one} for one in everybody])


def _sessions(estate: Estate, roles: str, outside: Condition) -> Iterator[Statement]:
    """Who assumes roles of the estate: of the organization, and custodians the import roles, which are in no folder."""
    assume = ("sts:AssumeRole",)
    customers = sorted({one.custodian.account for one in estate.tenants.values() if one.custodian is not None})
    yield _deny("DenySessionsFromOutside", assume, f"{roles}*/*" if customers else f"{roles}*", outside)
    if customers:
        apart = {**outside["StringNotEquals"], "aws:PrincipalAccount": customers}
        others: Condition = {**outside, "StringNotEquals": apart}
        yield _deny("DenyImportsFromOutside", assume, f"{roles}{estate.naming.role_prefix}import.*", others)


def _keys(estate: Estate, resources: str | list[str]) -> Iterator[Statement]:
    """What is kept of every key: for each list of actions a Deny on all but its roles."""
    central = estate.central
    deployers, break_glass = central.deployers, (central.break_glass,)
    managers = (*central.administrators, *break_glass)
    keys = _keys_of(estate)
    for sid, of, where, roles in (
        ("KeepDeletion", actions.SCHEDULE_DELETION, keys, break_glass),
        ("KeepCancellation", actions.CANCEL_DELETION, keys, managers),
        ("KeepDisabling", actions.STOP, keys, (*deployers, *managers)),
        ("KeepSettings", SETTINGS, keys, deployers),
        ("KeepAliases", ALIASES, resources, (*deployers, *break_glass)),
        ("KeepOpenings", OPENINGS, resources, (*deployers, *break_glass)),
    ):
        yield _deny(sid, of, where, anyone_but(dict.fromkeys(roles)))
    paths = [estate.guardrails.import_path] if estate.guardrails and estate.guardrails.import_path else []
    if any(tenant.custodian for tenant in estate.tenants.values()):
        paths.append(f"{estate.naming.role_path}{estate.naming.role_prefix}import.")
    importers = [f"arn:{central.partition}:iam::{central.account}:role{path}*" for path in paths]
    named = importers[0] if len(importers) == 1 else importers
    others: Condition | None = {"ArnNotLike": {"aws:PrincipalArn": named}} if importers else None
    yield _deny("KeepMaterial", actions.IMPORT, keys, others)


def _deny(sid: str, of: tuple[str, ...], resource: str | list[str], condition: Condition | None) -> Statement:
    return deny(sid, of, condition, Resource=resource)


def _keys_of(estate: Estate) -> str:
    return f"arn:{estate.central.partition}:kms:*:{estate.central.account}:key/*"


def _aliases_of(estate: Estate) -> str:
    pattern = estate.naming.alias.replace("{id}", "*")
    return f"arn:{estate.central.partition}:kms:*:{estate.central.account}:{pattern}"


def _of_audit(estate: Estate, service: str, resource: str) -> str:
    """What stacks of the estate make: names that they give, and those that CloudFormation makes of the stack's."""
    central = estate.central
    return f"arn:{central.partition}:{service}:*:{central.account}:{resource}{estate.naming.stack_prefix}-*"
