"""Roles and policies that the manifest does not declare."""

from __future__ import annotations

from tools.mutants.mutant import (
    Edit,
    Mutant,
    Refuted,
)
from tools.mutants.original import CENTRAL, PLACE, ROLES, SHARED, Templates
from tools.mutants.role_edits import INVENTORY, OBTAINS, WORKLOAD, stranger


def strangers() -> list[Mutant]:
    found = [
        Mutant(f"a stray role with {name}", Refuted(INVENTORY, ("role/stray", reported)), stranger(body))
        for name, reported, body in (
            ("kms:Decrypt", "kms:Decrypt", {"Action": "kms:Decrypt"}),
            ("kms:*", "kms:*", {"Action": "kms:*"}),
            ("everything", "*", {"Action": "*"}),
            ("everything but S3", "everything but s3:*", {"NotAction": "s3:*"}),
            ("iam:PutRolePolicy", "iam:PutRolePolicy", {"Action": "iam:PutRolePolicy"}),
            ("iam:UpdateAssumeRolePolicy", "iam:Update*", {"Action": ["s3:GetObject", "iam:Update*"]}),
            ("sts:AssumeRole", "sts:AssumeRole", {"Action": "sts:AssumeRole"}),
            ("cloudformation:UpdateStack", "cloudformation:UpdateStack", {"Action": "cloudformation:UpdateStack"}),
        )
    ]
    return [
        *found,
        Mutant(
            "a stray role that shares keys",
            Refuted(INVENTORY, ("role/stray", "ram:CreateResourceShare")),
            stranger({"Action": "ram:CreateResourceShare"}),
        ),
        Mutant(
            "a stray role without a name, its policy apart",
            Refuted(INVENTORY, ("!Stray: a role that the manifest does not declare", "kms:Decrypt")),
            _nameless(ROLES, "kms:Decrypt"),
        ),
        Mutant(
            "a stray role without a name in a workload's account",
            Refuted(OBTAINS, ("lambda.amazonaws.com", "!Stray")),
            _nameless(PLACE, "iam:PutRolePolicy"),
        ),
        *(
            Mutant(
                f"a policy for a role of account {account} that is in no template",
                Refuted(INVENTORY, ("iam:*", "role Elsewhere", account)),
                _loose(stack),
            )
            for account, stack in ((CENTRAL, ROLES), (WORKLOAD, PLACE))
        ),
        Mutant(
            "a second role of a tenant's name",
            Refuted(INVENTORY, ("has the same name",)),
            stranger({"Action": "s3:GetObject"}, "TENANT-alma.orders", SHARED),
        ),
    ]


def _nameless(stack: str, action: str) -> Edit:
    """As the CDK writes a role with a default policy."""

    def edit(templates: Templates) -> None:
        stranger({}, stack=stack)(templates)
        stray = templates.resources(stack)["Stray"]["Properties"]
        del stray["RoleName"], stray["Policies"]
        _policy_apart(templates, stack, action, {"Ref": "Stray"})

    return edit


def _loose(stack: str) -> Edit:
    return lambda templates: _policy_apart(templates, stack, "iam:*", "Elsewhere")


def _policy_apart(templates: Templates, stack: str, action: str, role: object) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    properties = {"PolicyName": "More", "Roles": [role], "PolicyDocument": document}
    templates.resources(stack)["Apart"] = {"Type": "AWS::IAM::Policy", "Properties": properties}
