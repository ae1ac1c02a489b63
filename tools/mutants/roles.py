"""Access roles, workload roles and strangers with one thing broken."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Edit,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    change,
    drop,
    setting,
    together,
    turn,
    without,
)
from tools.mutants.original import CENTRAL, PLACE, ROLES, SHARED, Body, Templates, identity, trust

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
        Mutant("a role with kms:*", LostSafeguard(("an Allow that was not there",)), change(own, Action="kms:*")),
        Mutant(
            "a key by an id that AWS is yet to choose",
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


def _attached(action: str) -> Edit:
    def edit(templates: Templates) -> None:
        name = templates.role("alma")["RoleName"]
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        properties = {"PolicyName": "More", "Roles": [name.upper()], "PolicyDocument": document}
        templates.resources(SHARED)["More"] = {"Type": "AWS::IAM::Policy", "Properties": properties}

    return edit


def _replacing(templates: Templates) -> None:
    role = templates.role("alma")
    properties = {"RoleName": role["RoleName"], **role["Policies"][0]}
    templates.resources(SHARED)["More"] = {"Type": "AWS::IAM::RolePolicy", "Properties": properties}


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


def strangers() -> list[Mutant]:
    found = [
        Mutant(f"a stray role with {name}", Refuted(INVENTORY, ("role/stray", told)), stranger(body))
        for name, told, body in (
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
            "everybody of the organisation",
            Refuted(OBTAINS, ("333333333333",)),
            together(change(role, Principal="*"), drop(role, "ArnEquals", arn)),
        ),
        Mutant(
            "whoever carries a tag",
            Refuted(OBTAINS, ("with tags {'team': 'blue'}",)),
            change(role, Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}),
        ),
        Mutant(
            "without the organisation",
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
            Refuted(OBTAINS, ("certificate of common name 'premises'", "tenant-keys-premises")),
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


MUTANTS = (*identities(), *strangers(), *trusts())
