"""What mutants of roles have in common: roles of the estate and edits of them."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Edit,
    adding,
    together,
    without,
)
from tools.mutants.original import CENTRAL, ROLES, Body, Templates, identity

ALIAS, CONTEXT = "kms:RequestAlias", "kms:EncryptionContext:tenant_id"
WORKLOAD = "222222222222"
PODS = "oidc.eks.eu-west-1.amazonaws.com/id/AB"
COMMON_NAME = "aws:PrincipalTag/x509Subject/CN"
BILLING = "tenant-keys-workload-333333333333-eu-west-1"
MORE, OBTAINS, INVENTORY, REFUSED = (
    Kind.MORE_THAN_DECLARED,
    Kind.OBTAINS_SESSION,
    Kind.INVENTORY,
    Kind.REFUSED,
)


def own(templates: Templates) -> Body:
    return identity(templates.role("alma"))


def billing(templates: Templates) -> Body:
    return identity(templates.shared("billing"))


def open_key(tenant: str) -> Edit:
    """A key whose policy leaves all to IAM: an Allow to the account, no Deny."""
    return together(
        without(tenant),
        adding(tenant, Principal={"AWS": f"arn:aws:iam::{CENTRAL}:root"}, Action=["kms:Decrypt", "kms:Encrypt"]),
    )


def stranger(body: Body, name: str = "stray", stack: str = ROLES) -> Edit:
    """A role that the manifest does not declare."""
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties = {
        "RoleName": name,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [service]},
        "Policies": [
            {
                "PolicyName": "Do",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Resource": "*", **body}],
                },
            }
        ],
    }

    def edit(templates: Templates) -> None:
        templates.resources(stack)["Stray"] = {"Type": "AWS::IAM::Role", "Properties": properties}

    return edit
