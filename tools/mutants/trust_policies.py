"""Trust policies with one thing broken."""

from __future__ import annotations

from tools.mutants.mutant import (
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    change,
    drop,
    setting,
    together,
    turn,
)
from tools.mutants.original import CENTRAL, PLACE, Body, Templates, identity, trust
from tools.mutants.role_edits import BILLING, COMMON_NAME, OBTAINS, PODS, REFUSED, WORKLOAD, stranger


def trusts() -> list[Mutant]:
    role, shared, portal = (
        lambda t: trust(t.role("alma")),
        lambda t: trust(t.shared("billing")),
        lambda t: trust(t.shared("portal")),
    )
    tag, arn = "aws:RequestTag/tenant_id", "aws:PrincipalArn"
    return [
        Mutant(
            "the whole workload account",
            Refuted(OBTAINS, (f"arn:aws:iam::{WORKLOAD}:role/", "tenant-alma.orders")),
            drop(role, "ArnEquals", arn),
        ),
        Mutant(
            "everybody of one account by a wildcard",
            Refuted(OBTAINS, ("tenant-keys-mails", "tenant-alma.orders")),
            setting(role, "ArnEquals", arn, f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-*"),
        ),
        Mutant(
            "everybody",
            Refuted(OBTAINS, ("anybody obtains", "tenant-alma.orders")),
            together(change(role, Principal="*"), lambda t: trust(t.role("alma")).pop("Condition")),
        ),
        Mutant(
            "everybody of the organization",
            Refuted(OBTAINS, ("333333333333",)),
            together(change(role, Principal="*"), drop(role, "ArnEquals", arn)),
        ),
        Mutant(
            "anyone who carries a tag",
            Refuted(OBTAINS, ("with tags {'team': 'blue'}",)),
            change(role, Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}),
        ),
        *(
            Mutant(
                f"anyone whose {key} is the id of a role",
                NotProvedBecause(("an id that AWS has yet to choose",)),
                change(
                    role,
                    Principal="*",
                    Condition={"StringEquals": {key: {"Fn::GetAtt": ["RolecarlaFororders", "RoleId"]}}},
                ),
            )
            for key in ("sts:RoleSessionName", "sts:ExternalId", "aws:PrincipalTag/of", "aws:userid")
        ),
        Mutant(
            "users who name their session after themselves, by a pattern",
            NotProvedBecause(("is compared with a key that has patterns",)),
            change(
                role,
                Condition={
                    "StringEquals": {"sts:RoleSessionName": "${aws:username}"},
                    "StringLike": {"sts:RoleSessionName": "adm*"},
                },
            ),
        ),
        Mutant(
            "without the organization",
            LostSafeguard(("an Allow without StringEquals aws:principalorgid",)),
            drop(role, "StringEquals", "aws:PrincipalOrgID"),
        ),
        Mutant(
            "another workload's role",
            Refuted(OBTAINS, ("tenant-keys-billing",)),
            change(
                role,
                Principal={"AWS": "333333333333"},
                Condition={"ArnEquals": {arn: "arn:aws:iam::333333333333:role/tenant-keys-billing"}},
            ),
        ),
        Mutant(
            "trusts of two workloads swapped",
            Refuted(REFUSED, ("tenant-alma.orders",)),
            lambda t: t.role("alma").update(
                AssumeRolePolicyDocument=t.role("alma", "mails")["AssumeRolePolicyDocument"]
            ),
        ),
        Mutant(
            "another tenant's role",
            Refuted(OBTAINS, ("tenant-bert.orders", "tenant-alma.orders")),
            change(
                role,
                Principal={"AWS": f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-bert.orders"},
                Condition={"Null": {"aws:userid": "false"}},
            ),
        ),
        Mutant(
            "a service",
            Refuted(OBTAINS, ("ec2.amazonaws.com",)),
            change(role, Principal={"Service": "ec2.amazonaws.com"}, Condition={"Null": {"aws:userid": "true"}}),
        ),
        Mutant(
            "tags on a tenant's role",
            Refuted(OBTAINS, ("tenant-alma.orders with tags",)),
            change(role, Action=["sts:AssumeRole", "sts:TagSession"]),
        ),
        Mutant(
            "the shared role without a tag",
            Refuted(OBTAINS, ("tenant-keys-billing", "shared.billing")),
            drop(shared, "StringLike", tag),
        ),
        Mutant(
            "the shared role with an empty tag",
            Refuted(OBTAINS, ("with tags {'tenant_id': ''}",)),
            setting(shared, "StringLike", tag, "*"),
        ),
        Mutant(
            "the shared role with a tag if there is one",
            Refuted(OBTAINS, ("tenant-keys-billing", "shared.billing")),
            turn(shared, "StringLike", "StringLikeIfExists"),
        ),
        Mutant(
            "the shared role with any other tag",
            Refuted(OBTAINS, ("another-tag",)),
            drop(shared, "ForAllValues:StringEquals", "aws:TagKeys"),
        ),
        Mutant(
            "any instead of all tag keys",
            Refuted(OBTAINS, ("another-tag",)),
            turn(shared, "ForAllValues:StringEquals", "ForAnyValue:StringEquals"),
        ),
        Mutant(
            "one more tag key",
            Refuted(OBTAINS, ("'team'",)),
            setting(shared, "ForAllValues:StringEquals", "aws:TagKeys", ["tenant_id", "team"]),
        ),
        Mutant("TagSession forgotten", Refuted(REFUSED, ("shared.billing",)), change(shared, Action="sts:AssumeRole")),
        Mutant(
            "tokens of any audience",
            Refuted(OBTAINS, ("login.example.com", "shared.portal")),
            drop(portal, "StringEquals", "login.example.com:aud"),
        ),
        Mutant(
            "tokens of another audience",
            Refuted(OBTAINS, ("for audience somebody-else",)),
            setting(portal, "StringEquals", "login.example.com:aud", ["portal-keys", "somebody-else"]),
        ),
        Mutant(
            "tokens of audiences by prefix",
            Refuted(OBTAINS, ("for audience portal-keys",)),
            turn(portal, "StringEquals", "StringLike", **{"login.example.com__aud": "portal-keys*"}),
        ),
        Mutant(
            "tokens of another provider",
            Refuted(OBTAINS, ("evil.example.com",)),
            change(
                portal,
                Principal={"Federated": f"arn:aws:iam::{CENTRAL}:oidc-provider/evil.example.com"},
                Condition={"StringLike": {tag: "?*"}},
            ),
        ),
        Mutant("SAML", Refuted(OBTAINS, ("token of corp", "tenant-alma.orders")), _saml),
        Mutant(
            "a workload's role for another service",
            Refuted(OBTAINS, ("ec2.amazonaws.com", "tenant-keys-orders")),
            change(lambda t: trust(t.workload("orders")), Principal={"Service": "ec2.amazonaws.com"}),
        ),
        Mutant(
            "a workload's role without a policy",
            Refuted(REFUSED, ("role/tenant-keys-orders cannot obtain a session of", "tenant-alma.orders")),
            lambda t: t.workload("orders").pop("Policies"),
        ),
        Mutant(
            "a workload's role that may not tag",
            Refuted(REFUSED, ("role/tenant-keys-billing cannot obtain a session of", "shared.billing")),
            change(lambda t: identity(_workload_of_billing(t), "TagWithTenant"), Action="sts:AssumeRole"),
        ),
        Mutant(
            "a workload's role for nobody",
            Refuted(REFUSED, ("nothing obtains a session of", "tenant-keys-orders")),
            change(lambda t: trust(t.workload("orders")), Effect="Deny"),
        ),
        Mutant(
            "a role of a workload's name under another path",
            Refuted(OBTAINS, ("lambda.amazonaws.com", "role/other/tenant-keys-orders")),
            together(
                stranger({"Action": "s3:GetObject"}, "tenant-keys-orders", PLACE),
                lambda t: t.resources(PLACE)["Stray"]["Properties"].update(Path="/other/"),
            ),
        ),
        Mutant(
            "a workload's role for its account",
            Refuted(OBTAINS, ("tenant-keys-orders",)),
            change(lambda t: trust(t.workload("orders")), Principal={"AWS": WORKLOAD}),
        ),
        Mutant(
            "a pod's role for any pod",
            Refuted(OBTAINS, ("subject any", "tenant-keys-mails")),
            drop(lambda t: trust(t.workload("mails")), "StringEquals", f"{PODS}:sub"),
        ),
        Mutant(
            "a pod's role for every pod of the namespace",
            Refuted(OBTAINS, ("subject system:serviceaccount:mails:", "tenant-keys-mails")),
            together(
                drop(lambda t: trust(t.workload("mails")), "StringEquals", f"{PODS}:sub"),
                setting(
                    lambda t: trust(t.workload("mails")), "StringLike", f"{PODS}:sub", "system:serviceaccount:mails:*"
                ),
            ),
        ),
        Mutant(
            "a pod's role for any audience",
            Refuted(OBTAINS, ("tenant-keys-mails",)),
            drop(lambda t: trust(t.workload("mails")), "StringEquals", f"{PODS}:aud"),
        ),
        Mutant(
            "a server's role for any certificate of its authority",
            Refuted(OBTAINS, ("certificate of any common name", "tenant-keys-premises")),
            drop(lambda t: trust(_workload_of_premises(t)), "StringEquals", COMMON_NAME),
        ),
        Mutant(
            "a server's role for names that begin like its own",
            Refuted(OBTAINS, ("certificate of common name", "tenant-keys-premises")),
            turn(
                lambda t: trust(_workload_of_premises(t)),
                "StringEquals",
                "StringLike",
                **{COMMON_NAME: "premises*"},
            ),
        ),
        Mutant(
            "a server's role for any authority",
            Refuted(OBTAINS, ("under any", "tenant-keys-premises")),
            drop(lambda t: trust(_workload_of_premises(t)), "ArnEquals", "aws:SourceArn"),
        ),
        Mutant(
            "a server's role for every trust anchor of its account",
            Refuted(OBTAINS, ("trust-anchor/", "tenant-keys-premises")),
            together(
                drop(lambda t: trust(_workload_of_premises(t)), "ArnEquals", "aws:SourceArn"),
                setting(
                    lambda t: trust(_workload_of_premises(t)),
                    "ArnLike",
                    "aws:SourceArn",
                    "arn:aws:rolesanywhere:*:333333333333:trust-anchor/*",
                ),
            ),
        ),
        Mutant(
            "a trust anchor of another authority",
            Refuted(OBTAINS, ('certificate of common name "premises"', "tenant-keys-premises")),
            lambda t: t.resources(BILLING)["TrustAnchorpremises"]["Properties"]["Source"].update(
                SourceData={"AcmPcaArn": "arn:aws:acm-pca:eu-west-1:999999999999:certificate-authority/other"}
            ),
        ),
    ]


def _workload_of_billing(templates: Templates) -> Body:
    properties: Body = templates.resources(BILLING)["Rolebilling"]["Properties"]
    return properties


def _workload_of_premises(templates: Templates) -> Body:
    properties: Body = templates.resources(BILLING)["Rolepremises"]["Properties"]
    return properties


def _saml(templates: Templates) -> None:
    statement = {
        "Sid": "Saml",
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{CENTRAL}:saml-provider/corp"},
        "Action": "sts:AssumeRoleWithSAML",
    }
    templates.role("alma")["AssumeRolePolicyDocument"]["Statement"].append(statement)
