"""What is in the templates beside policies, with one thing broken; and what means the same."""

from __future__ import annotations

from collections.abc import Callable

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, Refuted, change, setting, turn
from tools.mutants.original import (
    CELL,
    CENTRAL,
    PRIMARY,
    REPLICA,
    ROLES,
    SHARED,
    Body,
    Templates,
    identity,
    trust,
)
from tools.mutants.role_edits import own, stranger

INVENTORY = Kind.INVENTORY


def resource(stack: str, kind: str, properties: Body) -> Edit:
    """One resource more."""

    def edit(templates: Templates) -> None:
        templates.resources(stack)["Planted"] = {"Type": kind, "Properties": properties}

    return edit


def missing(stack: str, *names: str) -> Edit:
    def edit(templates: Templates) -> None:
        for name in names:
            del templates.resources(stack)[name]

    return edit


def _swap(templates: Templates) -> None:
    one, other = templates.alias("alma")["Properties"], templates.alias("bert")["Properties"]
    one["TargetKeyId"], other["TargetKeyId"] = other["TargetKeyId"], one["TargetKeyId"]


def _both_aliases_on_one_key(templates: Templates) -> None:
    templates.alias("bert")["Properties"]["TargetKeyId"] = templates.alias("alma")["Properties"]["TargetKeyId"]


def _keys_gone(templates: Templates) -> None:
    for stack in (CELL, REPLICA):
        resources = templates.resources(stack)
        for name in [name for name, body in resources.items() if body["Type"].startswith("AWS::KMS::")]:
            del resources[name]


def _parameter(templates: Templates) -> None:
    statement = templates.statement("alma", "DecryptThroughTenantRole")
    role = statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    statement["Condition"]["ArnEquals"]["aws:PrincipalArn"] = {"Ref": "Role"}
    templates.sections(CELL)["Parameters"] = {"Role": {"Type": "String", "Default": role}}


def broken() -> list[Mutant]:
    key = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/"
    return [
        Mutant("aliases of two tenants swapped", Refuted(Kind.REFUSED, ("tenant alma", "alma")), _swap),
        Mutant(
            "two tenants' aliases on one key",
            Refuted(INVENTORY, ("bert has keys in no Region",)),
            _both_aliases_on_one_key,
        ),
        Mutant(
            "a second alias on a key",
            Refuted(INVENTORY, ("a second alias on the key of tenant alma",)),
            resource(CELL, "AWS::KMS::Alias", {"AliasName": "alias/other", "TargetKeyId": {"Ref": "Keyalma"}}),
        ),
        Mutant(
            "an alias in another stack at a tenant's key",
            Refuted(INVENTORY, ("a second alias on the key of tenant gina",)),
            resource(
                "tenant-keys-workload-222222222222-eu-central-1",
                "AWS::KMS::Alias",
                {"AliasName": "alias/mine", "TargetKeyId": PRIMARY},
            ),
        ),
        Mutant(
            "an alias at a key that is in no template",
            Refuted(INVENTORY, ("points at no tenant's key",)),
            resource(
                SHARED,
                "AWS::KMS::Alias",
                {"AliasName": "alias/mine", "TargetKeyId": key + "0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"},
            ),
        ),
        Mutant(
            "an alias in capitals",
            Refuted(INVENTORY, ("alias/tenant-Alma",)),
            lambda t: t.alias("alma")["Properties"].update(AliasName="alias/tenant-Alma"),
        ),
        Mutant(
            "a role that a deployment chooses by a parameter",
            NotProvedBecause(("got parameter Role; allowed: BootstrapVersion of the CDK",)),
            _parameter,
        ),
        Mutant(
            "a secret read in place of the version of the bootstrap stack",
            NotProvedBecause(('parameter BootstrapVersion: got default "/secrets/root"',)),
            lambda t: t.sections(CELL)["Parameters"]["BootstrapVersion"].update(Default="/secrets/root"),
        ),
        Mutant(
            "the version of the bootstrap stack read and not checked",
            NotProvedBecause(("got parameter BootstrapVersion without rule CheckBootstrapVersion",)),
            lambda t: t.sections(CELL).pop("Rules"),
        ),
        Mutant(
            "a macro beside a resource",
            NotProvedBecause(("Keyalma: got Fn::Transform",)),
            lambda t: t.key("alma").update({"Fn::Transform": {"Name": "AWS::Include", "Parameters": {}}}),
        ),
        Mutant("a key too many", Refuted(INVENTORY, ("that no tenant's alias names",)), _key_too_many),
        Mutant(
            "a key missing", Refuted(INVENTORY, ("alma has keys in no Region",)), missing(CELL, "Keyalma", "Aliasalma")
        ),
        Mutant(
            "a replica missing",
            Refuted(INVENTORY, ("gina has keys in eu-west-1,",)),
            missing(REPLICA, "Replicagina", "Aliasgina"),
        ),
        Mutant("every key missing", Refuted(INVENTORY, ("no Region",)), _keys_gone),
        Mutant("a key disabled", Refuted(INVENTORY, ("the key is disabled",)), _enabled("alma", value=False)),
        Mutant("a suspended key enabled", Refuted(INVENTORY, ("the key is enabled",)), _enabled("jan", value=True)),
        Mutant(
            "a key not retained",
            Refuted(INVENTORY, ("schedule the key's deletion",)),
            lambda t: t.key("alma").pop("DeletionPolicy"),
        ),
        Mutant(
            "a key not retained when replaced",
            Refuted(INVENTORY, ("schedule the key's deletion",)),
            lambda t: t.key("alma").update(UpdateReplacePolicy="Delete"),
        ),
        Mutant(
            "a replica not retained",
            Refuted(INVENTORY, ("schedule the key's deletion",)),
            lambda t: t.key("gina", REPLICA).update(DeletionPolicy="Delete"),
        ),
        Mutant(
            "an alias not retained",
            Refuted(INVENTORY, ("could delete the alias",)),
            lambda t: t.alias("alma").pop("DeletionPolicy"),
        ),
        Mutant(
            "an unknown type",
            NotProvedBecause(("AWS::Lambda::Function",)),
            resource(ROLES, "AWS::Lambda::Function", {}),
        ),
        Mutant(
            "a grant by a type to come", NotProvedBecause(("AWS::KMS::Grant",)), resource(CELL, "AWS::KMS::Grant", {})
        ),
        Mutant(
            "a user's policy",
            NotProvedBecause(("AWS::IAM::UserPolicy",)),
            resource(ROLES, "AWS::IAM::UserPolicy", {"UserName": "bob", "PolicyName": "x", "PolicyDocument": {}}),
        ),
        Mutant(
            "a nested stack",
            NotProvedBecause(("AWS::CloudFormation::Stack",)),
            resource(ROLES, "AWS::CloudFormation::Stack", {}),
        ),
        Mutant(
            "a condition on a resource",
            NotProvedBecause(("Condition",)),
            lambda t: t.key("alma").update(Condition="Sometimes"),
        ),
    ]


def later_actions() -> list[Mutant]:
    """Patterns that mean one action of today's, and whatever KMS adds that fits them."""

    def allowing(pattern: str, then: str) -> Mutant:
        # A wildcard means every action that fits, whenever it is added (IAM guide,
        # reference_policies_elements_action); nothing is promised of those yet to come.
        return Mutant(
            f"an action by pattern that means one, {pattern}",
            Refuted(Kind.OUTSIDER, ("KeyAdministrator may", then)),
            change(lambda t: t.statement("alma", "Stop"), Action=pattern),
        )

    def use(templates: Templates) -> None:
        templates.statement("alma", "DecryptThroughTenantRole")["Action"] = "kms:Decryp?"
        identity(templates.role("alma"))["Action"] = ["kms:Decryp?"]

    return [
        allowing("kms:DisableKe?", "disablekeq"),
        allowing("kms:?isableKey", "isablekey"),
        allowing("kms:DisableK*y", "disableky"),
        Mutant(
            "an action by pattern that means one, in both policies",
            Refuted(
                Kind.MORE_THAN_DECLARED,
                ("tenant alma through workload orders may call an action that AWS may add, such as kms:decryp",),
            ),
            use,
        ),
    ]


def boundaries() -> list[Mutant]:
    """A policy that restricts what is declared, and is in no template."""
    read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess"

    def bound(name: str, role: str, find: Callable[[Templates], Body]) -> Mutant:
        return Mutant(
            f"a permissions boundary on {name}",
            NotProvedBecause((role, "permissions boundary arn:aws:iam::aws:policy/ReadOnlyAccess")),
            lambda t: find(t).update(PermissionsBoundary=read_only),
        )

    def managed(name: str, role: str, find: Callable[[Templates], Body]) -> Mutant:
        return Mutant(
            f"a managed policy on {name}",
            Refuted(Kind.NOT_PROVED, (role, "what arn:aws:iam::aws:policy/ReadOnlyAccess allows")),
            lambda t: find(t).update(ManagedPolicyArns=[read_only]),
        )

    return [
        bound("an access role of one tenant", "tenant-alma.orders", lambda t: t.role("alma")),
        bound("an access role that tenants share", "shared.billing", lambda t: t.shared("billing")),
        bound("an access role for tokens", "shared.portal", lambda t: t.shared("portal")),
        bound("the role of a workload", "tenant-keys-orders", lambda t: t.workload("orders")),
        bound("a role that has another in the manifest", "tenant-keys-mails", lambda t: t.workload("mails")),
        Mutant(
            "the role of a workload without the permissions boundary that the manifest declares",
            Refuted(Kind.INVENTORY, ("tenant-keys-mails", "without its permissions boundary", "policy/Demanded")),
            lambda t: t.workload("mails").pop("PermissionsBoundary"),
        ),
        Mutant(
            "a managed policy on the role of a workload",
            NotProvedBecause(("tenant-keys-orders", "what arn:aws:iam::aws:policy/ReadOnlyAccess allows")),
            lambda t: t.workload("orders").update(ManagedPolicyArns=[read_only]),
        ),
        managed("an access role of one tenant", "tenant-alma.orders", lambda t: t.role("alma")),
        managed("an access role for tokens", "shared.portal", lambda t: t.shared("portal")),
    ]


def ways_out() -> list[Mutant]:
    """Sessions of roles that are in no template, such as those of the CDK's bootstrap, which trust their account."""

    def out(name: str, whose: str, find: Callable[[Templates], Body], action: str, target: str) -> Mutant:
        statement = {"Sid": "Out", "Effect": "Allow", "Action": action, "Resource": target}
        return Mutant(
            f"a way out of {name} by {action} of {target}",
            NotProvedBecause((whose, f"sessions of {target}")),
            lambda t: find(t)["Policies"][0]["PolicyDocument"]["Statement"].append(statement),
        )

    def tenant(templates: Templates) -> Body:
        return templates.role("alma")

    roles = f"arn:aws:iam::{CENTRAL}:role/"
    return [
        out("an access role", "tenant-alma.orders", tenant, "sts:AssumeRole", f"{roles}cdk-*"),
        out("an access role", "tenant-alma.orders", tenant, "sts:AssumeRole", "*"),
        out("an access role", "tenant-alma.orders", tenant, "sts:*", f"{roles}KeyBreakGlass"),
        out("an access role", "tenant-alma.orders", tenant, "sts:AssumeRoot", "*"),
        out("a shared role", "shared.portal", lambda t: t.shared("portal"), "sts:AssumeRole", f"{roles}Key*"),
        out(
            "a workload",
            "tenant-keys-orders",
            lambda t: t.workload("orders"),
            "sts:AssumeRole",
            "arn:aws:iam::222222222222:role/cdk-*",
        ),
    ]


def _enabled(tenant: str, *, value: bool) -> Edit:
    return lambda templates: templates.key(tenant)["Properties"].update(Enabled=value)


def _key_too_many(templates: Templates) -> None:
    templates.resources(CELL)["Keyextra"] = templates.key("alma")


def harmless() -> list[Mutant]:
    def decrypt(templates: Templates) -> Body:
        return templates.statement("alma", "DecryptThroughTenantRole")

    return [
        Mutant("statements in another order", Harmless(), lambda t: t.policy("alma")["Statement"].reverse()),
        Mutant("Sids renamed", Harmless(), _renamed),
        Mutant("a statement split by action", Harmless(), _split),
        Mutant("a list of one as a value", Harmless(), change(decrypt, Action="kms:Decrypt")),
        Mutant("values in another order", Harmless(), _turned_round),
        Mutant("ArnLike for ArnEquals", Harmless(), turn(decrypt, "ArnEquals", "ArnLike")),
        Mutant(
            "StringLike for StringEquals, without wildcards",
            Harmless(),
            turn(own, "StringEquals", "StringLike"),
        ),
        Mutant(
            "StringNotEqualsIfExists for StringNotEquals",
            Harmless(),
            turn(lambda t: t.statement("alma", "DenyOtherAlias"), "StringNotEquals", "StringNotEqualsIfExists"),
        ),
        Mutant(
            "condition keys in another case",
            Harmless(),
            change(
                own,
                Condition={
                    "StringEquals": {
                        "KMS:requestalias": "alias/tenant-alma",
                        "kms:encryptioncontext:TENANT_ID": "alma",
                    }
                },
            ),
        ),
        Mutant("actions in another case", Harmless(), change(decrypt, Action="KMS:decrypt")),
        Mutant("one more Deny", Harmless(), _one_more_deny),
        Mutant("a Deny without its condition", Harmless(), _stronger_deny),
        Mutant("a key policy without Version and variables", Harmless(), lambda t: t.policy("alma").pop("Version")),
        Mutant(
            "one more condition on an Allow to the organization",
            Harmless(),
            setting(decrypt, "StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
        ),
        Mutant(
            "a policy of the organization",
            Refuted(INVENTORY, ("Planted", "in a stack without termination protection")),
            resource(
                SHARED, "AWS::Organizations::Policy", {"Name": "x", "Type": "SERVICE_CONTROL_POLICY", "Content": {}}
            ),
        ),
        Mutant("a stray role that reaches nothing", Harmless(), stranger({"Action": "s3:GetObject"})),
        Mutant("a shorter session of a role", Harmless(), lambda t: t.role("alma").update(MaxSessionDuration=7200)),
        Mutant(
            "a trust policy in a list of principals",
            Harmless(),
            lambda t: trust(t.role("alma")).update(Principal={"AWS": ["arn:aws:iam::222222222222:root"]}),
        ),
        Mutant("a policy in two policies", Harmless(), _two_policies),
    ]


def _renamed(templates: Templates) -> None:
    for statement in templates.policy("alma")["Statement"]:
        statement["Sid"] += "Again"


def _split(templates: Templates) -> None:
    statements = templates.policy("alma")["Statement"]
    deploy = templates.statement("alma", "Deploy")
    half = {**deploy, "Sid": "DeployMore", "Action": deploy["Action"][5:]}
    deploy["Action"] = deploy["Action"][:5]
    statements.append(half)


def _turned_round(templates: Templates) -> None:
    for statement in templates.policy("alma")["Statement"]:
        statement["Action"].reverse()
        for keys in statement.get("Condition", {}).values():
            for value in keys.values():
                if isinstance(value, list):
                    value.reverse()


def _one_more_deny(templates: Templates) -> None:
    deny = {"Sid": "More", "Effect": "Deny", "Principal": "*", "Action": "kms:Sign", "Resource": "*"}
    templates.policy("alma")["Statement"].append(deny)


def _stronger_deny(templates: Templates) -> None:
    templates.statement("kim", "DenyOtherAlias").pop("Condition")


def _two_policies(templates: Templates) -> None:
    role = templates.role("alma")
    document = role["Policies"][0]["PolicyDocument"]
    describe = identity(role, "DescribeOwnTenantKey")
    document["Statement"].remove(describe)
    role["Policies"].append({"PolicyName": "Describe", "PolicyDocument": {**document, "Statement": [describe]}})


MUTANTS = (*broken(), *later_actions(), *boundaries(), *ways_out(), *harmless())
