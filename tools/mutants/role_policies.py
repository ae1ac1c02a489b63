"""Access roles whose own policies have one thing broken."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Edit,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    change,
    drop,
    setting,
    together,
    turn,
    without,
)
from tools.mutants.original import CENTRAL, ROLES, SHARED, Templates, identity
from tools.mutants.role_edits import ALIAS, CONTEXT, INVENTORY, MORE, REFUSED, billing, open_key, own


def identities() -> list[Mutant]:
    return [
        Mutant(
            "a role without the alias",
            LostSafeguard(("an Allow without StringEquals kms:requestalias",)),
            drop(own, "StringEquals", ALIAS),
        ),
        Mutant(
            "a role without the context",
            LostSafeguard(("an Allow without StringEquals kms:encryptioncontext:tenant_id",)),
            drop(own, "StringEquals", CONTEXT),
        ),
        Mutant(
            "a role without alias and context",
            LostSafeguard(("StringEquals kms:encryptioncontext:tenant_id and StringEquals kms:requestalias",)),
            lambda t: own(t).pop("Condition"),
        ),
        Mutant(
            "a role without alias and context, nor Denies on them",
            Refuted(MORE, ("tenant alma through workload orders", "Decrypt")),
            together(lambda t: own(t).pop("Condition"), without("alma", "DenyOtherAlias", "DenyOtherContext")),
        ),
        Mutant(
            "an alias by prefix",
            LostSafeguard(("an Allow without StringEquals kms:requestalias",)),
            turn(own, "StringEquals", "StringLike", kms__RequestAlias="alias/tenant-alma*"),
        ),
        Mutant(
            "alias and context by prefix, the other tenant's key open",
            Refuted(Kind.OTHER_TENANT, ("tenant alma through workload orders", "Decrypt", "alma-two")),
            together(
                turn(
                    own,
                    "StringEquals",
                    "StringLike",
                    kms__RequestAlias="alias/tenant-alma*",
                    kms__EncryptionContext__tenant_id="alma*",
                ),
                open_key("alma-two"),
            ),
        ),
        Mutant(
            "an own context by prefix",
            Refuted(MORE, ("tenant alma through workload orders", "Decrypt")),
            together(
                without("alma", "DenyOtherContext"),
                turn(own, "StringEquals", "StringLike", kms__EncryptionContext__tenant_id="alma*"),
            ),
        ),
        Mutant(
            "an alias if it is there",
            LostSafeguard(("an Allow without StringEquals kms:",)),
            turn(own, "StringEquals", "StringEqualsIfExists"),
        ),
        Mutant(
            "an alias if it is there, the other tenant's key open",
            Refuted(Kind.OTHER_TENANT, ("tenant alma through workload orders", "Decrypt", "bert")),
            together(turn(own, "StringEquals", "StringEqualsIfExists"), open_key("bert")),
        ),
        Mutant(
            "a key open to IAM, every role bound to its own alias",
            Refuted(Kind.OUTSIDER, ("Decrypt", "bert")),
            open_key("bert"),
        ),
        Mutant(
            "all aliases instead of any",
            LostSafeguard(("ForAnyValue:StringEquals kms:resourcealiases",)),
            turn(
                lambda t: identity(t.role("fred"), "DecryptWithOwnTenantKey"),
                "ForAnyValue:StringEquals",
                "ForAllValues:StringEquals",
            ),
        ),
        Mutant("a role for every key", LostSafeguard(("more principals or resources",)), change(own, Resource="*")),
        Mutant(
            "a role for keys of every account",
            LostSafeguard(("more principals or resources",)),
            change(own, Resource="arn:aws:kms:*:*:key/*"),
        ),
        Mutant(
            "a role for keys of every Region of the key account",
            LostSafeguard(("more principals or resources",)),
            change(own, Resource=f"arn:aws:kms:*:{CENTRAL}:key/*"),
        ),
        Mutant("a role with kms:*", LostSafeguard(("a new Allow",)), change(own, Action="kms:*")),
        Mutant(
            "a key by an id that AWS has yet to choose",
            NotProvedBecause(("yet to choose",)),
            change(own, Resource=f"arn:aws:kms:eu-west-1:{CENTRAL}:key/0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"),
        ),
        Mutant(
            "a key by a tag of its own, the other tenant's key open",
            Refuted(Kind.OTHER_TENANT, ("tenant alma through workload orders", "Decrypt", "bert")),
            together(
                change(own, Condition={"StringEquals": {"aws:ResourceTag/team": "x"}}),
                open_key("bert"),
            ),
        ),
        Mutant(
            "the shared role for any alias",
            LostSafeguard(("an Allow without StringEquals kms:requestalias",)),
            turn(billing, "StringEquals", "StringLike", kms__RequestAlias="alias/tenant-*"),
        ),
        Mutant(
            "a default tenant for the shared role, keys open to it without a tag",
            Refuted(Kind.OUTSIDER, ("shared.billing", "Decrypt", "carla")),
            together(_default_tenant, *map(open_to_shared, ("alma", "alma-two", "bert", "carla"))),
        ),
        Mutant(
            "the shared role's policy without Version",
            Refuted(REFUSED, ("shared.billing",)),
            lambda t: t.shared("billing")["Policies"][0]["PolicyDocument"].pop("Version"),
        ),
        Mutant(
            "policies of two roles swapped",
            Refuted(REFUSED, ("tenant alma through workload orders",)),
            _swap_policies,
        ),
        Mutant("a Deny in the role's own policy", Refuted(REFUSED, ("Decrypt", "alma")), change(own, Effect="Deny")),
        Mutant(
            "the alias in capitals",
            Refuted(REFUSED, ("Decrypt", "alma")),
            setting(own, "StringEquals", ALIAS, "ALIAS/TENANT-ALMA"),
        ),
        Mutant(
            "a role that changes policies",
            Refuted(INVENTORY, ("tenant-alma.orders", "iam:PutRolePolicy")),
            lambda t: own(t)["Action"].append("iam:PutRolePolicy"),
        ),
        Mutant(
            "a workload's role that changes stacks",
            Refuted(INVENTORY, ("tenant-keys-orders", "cloudformation:UpdateStack")),
            lambda t: t.workload("orders")["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"].append(
                "cloudformation:UpdateStack"
            ),
        ),
        Mutant(
            "a managed policy of AWS",
            Refuted(Kind.NOT_PROVED, ("AWSKeyManagementServicePowerUser",)),
            lambda t: t.role("alma").update(
                ManagedPolicyArns=["arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"]
            ),
        ),
        Mutant(
            "a policy attached from elsewhere",
            Refuted(MORE, ("tenant alma through workload orders", "DescribeKey")),
            _attached("kms:*"),
        ),
        Mutant(
            "a policy attached from elsewhere that changes roles",
            Refuted(INVENTORY, ("tenant-alma.orders", "iam:*")),
            _attached("iam:*"),
        ),
        Mutant(
            "a policy that would replace the role's own",
            NotProvedBecause(("tenant-alma.orders has two policies", "one would replace the other")),
            _replacing,
        ),
        Mutant(
            "policies in another form than a list",
            NotProvedBecause(("Policies: got {", "a list")),
            lambda t: t.role("alma").update(Policies=t.role("alma")["Policies"][0]),
        ),
        Mutant(
            "a path that no role has",
            NotProvedBecause(("the ARN of no role",)),
            lambda t: t.role("alma").update(Path="tenant-keys"),
        ),
        Mutant(
            "the tag of another tenant on a role",
            Refuted(INVENTORY, ("the tag tenant_id of a role",)),
            lambda t: t.role("alma").setdefault("Tags", []).append({"Key": "Tenant_ID", "Value": "bert"}),
        ),
        Mutant(
            "a policy in a stack that may be deployed before that of its role",
            NotProvedBecause(("More: needs the AWS::IAM::Role", "may be deployed later")),
            _attached("s3:*", "Deny"),
        ),
        Mutant("a role that is missing", Refuted(REFUSED, ("is in no template",)), _missing_role),
    ]


def _default_tenant(templates: Templates) -> None:
    condition = billing(templates)["Condition"]
    for keys in condition.values():
        for key, value in keys.items():
            keys[key] = str(value).replace("tenant_id}", "tenant_id, 'carla'}")


def open_to_shared(tenant: str) -> Edit:
    """A key policy that leaves it to the shared role whose key it uses."""
    return together(
        without(tenant, "DenySharedRoleOfOtherTenant"),
        drop(
            lambda templates: templates.statement(tenant, "DecryptThroughSharedRole"),
            "StringEquals",
            "aws:PrincipalTag/tenant_id",
        ),
    )


def _swap_policies(templates: Templates) -> None:
    one, other = templates.role("alma"), templates.role("bert")
    one["Policies"], other["Policies"] = other["Policies"], one["Policies"]


def _missing_role(templates: Templates) -> None:
    del templates.resources(ROLES)["RolealmaFororders"]


def _attached(action: str, effect: str = "Allow") -> Edit:
    def edit(templates: Templates) -> None:
        name = templates.role("alma")["RoleName"]
        document = {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}
        properties = {"PolicyName": "More", "Roles": [name.upper()], "PolicyDocument": document}
        templates.resources(SHARED)["More"] = {"Type": "AWS::IAM::Policy", "Properties": properties}

    return edit


def _replacing(templates: Templates) -> None:
    role = templates.role("alma")
    properties = {"RoleName": role["RoleName"], **role["Policies"][0]}
    templates.resources(SHARED)["More"] = {"Type": "AWS::IAM::RolePolicy", "Properties": properties}
