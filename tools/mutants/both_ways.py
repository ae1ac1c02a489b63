"""Names that ignore case, restrictions and bindings that nobody declares, and what AWS refuses to take."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.binding_edits import PREMISES
from tools.mutants.mutant import (
    Edit,
    Expectation,
    Harmless,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    adding_resource,
    change,
    together,
    without,
)
from tools.mutants.original import CELL, CENTRAL, PLACE, ROLES, SHARED, Body, Templates, identity, trust

NAMES, PAIR, TAG_KEYS = "kms:EncryptionContextKeys", "kms:EncryptionContext:tenant_id", "aws:TagKeys"
ROOT: Body = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
OUTSIDER, DEAD, INVENTORY, OBTAINS = Kind.OUTSIDER, Kind.REFUSED, Kind.INVENTORY, Kind.OBTAINS_SESSION
NO_WORKLOAD = "which the manifest does not declare"


def _open(condition: Body) -> Edit:
    opened = {"StringEquals": {PAIR: "carla"}, **condition}
    return together(without("carla"), adding("carla", Principal=ROOT, Action="kms:Decrypt", Condition=opened))


def _harder(condition: Body) -> Edit:
    elements = {"Sid": "Harder", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt"}
    return adding("dora", **elements, Condition=condition)


def spellings() -> list[Mutant]:
    """The same pair or tag in another case."""
    anyone = Refuted(OUTSIDER, ("Decrypt",))
    rows: list[tuple[str, Expectation, Edit]] = [
        (
            "open to a pair that is not listed as it is",
            anyone,
            _open({"ForAllValues:StringNotEquals": {NAMES: "tenant_id"}}),
        ),
        ("open to a pair listed in capitals", anyone, _open({"ForAnyValue:StringLike": {NAMES: "TEN*"}})),
        ("one Deny more of another spelling", Harmless(), _harder({"ForAnyValue:StringEquals": {NAMES: "Tenant_ID"}})),
        (
            "one Deny more of the declared spelling",
            Refuted(DEAD, ("Decrypt",)),
            _harder({"ForAnyValue:StringEquals": {NAMES: "tenant_id"}}),
        ),
        (
            "open by a letter that Unicode folds",
            NotProvedBecause(("apart from case",)),
            _open(
                {
                    "StringEquals": {"aws:PrincipalTag/a": "\u212a"},
                    "StringNotEqualsIgnoreCase": {"aws:PrincipalTag/a": "k"},
                }
            ),
        ),
        (
            "a session tag in another spelling",
            Refuted(OBTAINS, ("TENANT_ID",)),
            _listing({"ForAllValues:StringNotEquals": {TAG_KEYS: ["tenant_id"]}}),
        ),
        (
            "session tags listed in two spellings",
            LostSafeguard(("ForAllValues:StringEquals aws:tagkeys",)),
            _listing({"ForAllValues:StringEquals": {TAG_KEYS: ["tenant_id", "TENANT_ID"]}}),
        ),
        (
            "session tags listed in another spelling",
            Refuted(DEAD, ("shared.billing",)),
            _listing({"ForAllValues:StringEquals": {TAG_KEYS: ["Tenant_Id"]}}),
        ),
    ]
    return [Mutant(name, expected, edit) for name, expected, edit in rows]


def _listing(condition: Body) -> Edit:
    def edit(templates: Templates) -> None:
        statement = trust(templates.shared("billing"))
        statement["Condition"] = {
            **{name: one for name, one in statement["Condition"].items() if TAG_KEYS not in one},
            **condition,
        }

    return edit


def restrictions() -> list[Mutant]:
    """What takes a declared power away from outside."""
    kinds = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
    found = [
        Mutant(
            f"a {kind} of the organization",
            Refuted(INVENTORY, ("in a stack without termination protection",)),
            adding_resource(SHARED, "AWS::Organizations::Policy", Name="x", Type=kind, Content={}),
        )
        for kind in kinds
    ]
    for role, action in (("KeyAdministrator", "kms:DisableKey"), ("KeyBreakGlass", "*"), ("SecurityAudit", "kms:Get*")):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
        found.append(
            Mutant(
                f"a Deny for {role}",
                NotProvedBecause((f"a Deny for the role {role}",)),
                adding_resource(SHARED, "AWS::IAM::ManagedPolicy", PolicyDocument=document, Roles=[role]),
            )
        )
    found.append(
        Mutant(
            "a Deny for KMS itself",
            NotProvedBecause(("denies kms:SynchronizeMultiRegionKey",)),
            adding("gina", Sid="Harder", Effect="Deny", Principal="*", Action="kms:Synchronize*"),
        )
    )
    return found


def bindings() -> list[Mutant]:
    """What binds a role, beside what is declared."""
    machine = "arn:aws:iam::333333333333:role/tenant-keys-premises"
    rows: list[tuple[str, Expectation, Edit]] = [
        (
            "an instance profile of no machine",
            Refuted(INVENTORY, ("gives instances the role tenant-keys-orders", NO_WORKLOAD)),
            adding_resource(PLACE, "AWS::IAM::InstanceProfile", Roles=["tenant-keys-orders"]),
        ),
        (
            "an instance profile of others",
            Harmless(),
            adding_resource(PLACE, "AWS::IAM::InstanceProfile", Roles=["bastion"]),
        ),
        (
            "a second profile of Roles Anywhere",
            Refuted(INVENTORY, ("a second profile", NO_WORKLOAD)),
            adding_resource(PREMISES, "AWS::RolesAnywhere::Profile", Name="x", Enabled=True, RoleArns=[machine]),
        ),
        (
            "an identity provider of nobody in the key account",
            Refuted(INVENTORY, ("an identity provider of no workload",)),
            adding_resource(SHARED, "AWS::IAM::OIDCProvider", Url="https://other.example.com"),
        ),
        (
            "a role among the access roles",
            NotProvedBecause(("tenant-fay.orders: a role among the access roles",)),
            adding_resource(
                ROLES,
                "AWS::IAM::Role",
                Path="/tenant-keys/orders/",
                RoleName="tenant-fay.orders",
                AssumeRolePolicyDocument={
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "sts:AssumeRole"}
                    ],
                },
            ),
        ),
    ]
    return [Mutant(name, expected, edit) for name, expected, edit in rows]


def refusals() -> list[Mutant]:
    """What AWS does not take."""

    def own(templates: Templates) -> Body:
        return identity(templates.role("alma"))

    def tagging(name: str) -> Edit:
        return lambda t: t.key("alma")["Properties"].setdefault("Tags", []).append({"Key": name, "Value": "x"})

    def copied(templates: Templates) -> None:
        statements = templates.role("alma")["Policies"][0]["PolicyDocument"]["Statement"]
        statements.append(dict(statements[0]))

    return [
        Mutant("a Sid with a space in a role", NotProvedBecause(('"Use own"',)), change(own, Sid="Use own")),
        Mutant("a Sid twice", NotProvedBecause(('"UseOwnTenantKey" twice',)), copied),
        Mutant("a reserved tag", NotProvedBecause(("aws:x begins with aws:",)), tagging("aws:x")),
        Mutant(
            "a session that is too short",
            NotProvedBecause(("MaxSessionDuration",)),
            lambda t: t.role("alma").update(MaxSessionDuration=60),
        ),
        Mutant(
            "waiting for what is not there",
            NotProvedBecause(("depends on Nope",)),
            lambda t: t.resources(CELL)["Keyalma"].update(DependsOn="Nope"),
        ),
        Mutant(
            "waiting in a circle",
            NotProvedBecause(("in a circle",)),
            lambda t: t.resources(CELL)["Keyalma"].update(DependsOn="Aliasalma"),
        ),
    ]


MUTANTS = [*spellings(), *restrictions(), *bindings(), *refusals()]
