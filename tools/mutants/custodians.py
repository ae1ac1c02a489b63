"""The import role of a customer's own principal with one thing broken: who assumes it, and what it may do."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.guardrail_edits import RCP, gone, under
from tools.mutants.mutant import (
    Edit,
    Harmless,
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
from tools.mutants.original import CELL, CENTRAL, Body, Templates, identity, trust

CUSTOMER, OWN = "666666666666", "arn:aws:iam::666666666666:role/KeyCustodian"
ARN, EXTERNAL = "aws:PrincipalArn", "sts:ExternalId"
OBTAINS, REFUSED = Kind.OBTAINS_SESSION, Kind.REFUSED


def importer(templates: Templates) -> Body:
    """The properties of ida's import role."""
    properties: Body = templates.resources(CELL)["ImportRoleida"]["Properties"]
    return properties


def trusted(templates: Templates) -> Body:
    return trust(importer(templates))


def own(templates: Templates) -> Body:
    return identity(importer(templates), "BringOwnKey")


def allowing(*actions: str) -> Edit:
    return lambda templates: own(templates)["Action"].extend(actions)


def opening(action: str, sid: str, *denies: str) -> Edit:
    """Let the role's policy and a statement of ida's key allow an action, without these Denies; without sids, any."""
    return together(
        allowing(action),
        without("ida", *denies),
        lambda t: t.statement("ida", sid)["Action"].append(action),
    )


def alike(name: str) -> Body:
    """The condition of ida's trust with a pattern of the customer's roles; the external id is kept."""
    return {"ArnLike": {ARN: f"arn:aws:iam::{CUSTOMER}:role/{name}"}, "StringEquals": {EXTERNAL: "ida-keys-7"}}


def trusts() -> list[Mutant]:
    return [
        Mutant(
            "a custodian without its external id",
            Refuted(OBTAINS, ("role/KeyCustodian obtains", "import.ida")),
            drop(trusted, "StringEquals", EXTERNAL),
        ),
        Mutant(
            "a custodian with any external id that begins alike",
            Refuted(OBTAINS, ("role/KeyCustodian obtains", "import.ida")),
            turn(trusted, "StringEquals", "StringLike", sts__ExternalId="ida-*"),
        ),
        Mutant(
            "a custodian with its external id, if it sends one",
            Refuted(OBTAINS, ("role/KeyCustodian obtains", "import.ida")),
            turn(trusted, "StringEquals", "StringEqualsIfExists"),
        ),
        Mutant(
            "a custodian with another customer's external id",
            Refuted(OBTAINS, ("role/KeyCustodian obtains", "import.ida")),
            setting(trusted, "StringEquals", EXTERNAL, "hugo-keys-7"),
        ),
        Mutant(
            "the whole account of the customer",
            Refuted(OBTAINS, (CUSTOMER, "import.ida")),
            drop(trusted, "ArnEquals", ARN),
        ),
        Mutant(
            "a second role of the customer",
            Refuted(OBTAINS, (f"{CUSTOMER}:role/Other", "import.ida")),
            setting(trusted, "ArnEquals", ARN, [OWN, f"arn:aws:iam::{CUSTOMER}:role/Other"]),
        ),
        Mutant(
            "a role of the customer's name in another account",
            Refuted(OBTAINS, ("555555555555", "import.ida")),
            change(
                trusted,
                Principal={"AWS": ["arn:aws:iam::666666666666:root", "555555555555"]},
                Condition={"ArnLike": {ARN: "arn:aws:iam::*:role/KeyCustodian"}},
            ),
        ),
        Mutant(
            "every role of the customer whose name ends alike",
            Refuted(OBTAINS, ("KeyCustodian obtains", "import.ida")),
            change(trusted, Condition=alike("*KeyCustodian")),
        ),
        Mutant(
            "every role of the customer whose name begins alike",
            Refuted(OBTAINS, ("role/KeyCustodian", "import.ida")),
            change(trusted, Condition=alike("KeyCustodian*")),
        ),
        Mutant(
            "a custodian that brings session tags",
            Refuted(OBTAINS, ("role/KeyCustodian obtains", "import.ida with tags")),
            lambda t: trusted(t)["Action"].append("sts:TagSession"),
        ),
        Mutant(
            "a workload in place of the custodian",
            Refuted(OBTAINS, ("tenant-keys-orders", "import.ida")),
            change(
                trusted,
                Principal={"AWS": "arn:aws:iam::222222222222:root"},
                Condition={"ArnEquals": {ARN: "arn:aws:iam::222222222222:role/tenant-keys-orders"}},
            ),
        ),
        Mutant(
            "a custodian that assumes an access role",
            Refuted(OBTAINS, ("role/KeyCustodian", "tenant-ida.orders")),
            lambda t: t.role("ida").update(AssumeRolePolicyDocument=importer(t)["AssumeRolePolicyDocument"]),
        ),
        Mutant(
            "a custodian that is shut out",
            Refuted(REFUSED, ("role/KeyCustodian cannot obtain",)),
            setting(trusted, "ArnEquals", ARN, "arn:aws:iam::666666666666:role/Gone"),
        ),
        Mutant(
            "no import role for the custodian",
            Refuted(REFUSED, ("import.ida: the role is declared and is in no template",)),
            lambda t: t.resources(CELL).pop("ImportRoleida"),
        ),
    ]


def powers() -> list[Mutant]:
    return [
        Mutant(
            "an import role without the alias",
            LostSafeguard(("an Allow without ForAnyValue:StringEquals kms:resourcealiases",)),
            drop(own, "ForAnyValue:StringEquals", "kms:ResourceAliases"),
        ),
        Mutant(
            "an import role without the alias, another tenant's key open",
            Refuted(Kind.ADMINISTRATION, ("import.ida", "hugo")),
            together(
                drop(own, "ForAnyValue:StringEquals", "kms:ResourceAliases"),
                without("hugo"),
                adding(
                    "hugo",
                    Principal={"AWS": f"arn:aws:iam::{CENTRAL}:root"},
                    Action="kms:DeleteImportedKeyMaterial",
                ),
            ),
        ),
        Mutant(
            "an import role that decrypts, where no Deny on use is left",
            Refuted(Kind.OUTSIDER, ("import.ida", "Decrypt")),
            opening("kms:Decrypt", "WithdrawMaterial"),
        ),
        Mutant(
            "an import role that reads the key policy",
            Refuted(Kind.ADMINISTRATION, ("import.ida", "GetKeyPolicy")),
            opening("kms:GetKeyPolicy", "ReadByCustodian", "DenyOtherReadsByCustodian"),
        ),
        Mutant(
            "an import role that schedules the deletion",
            Refuted(Kind.ADMINISTRATION, ("import.ida", "ScheduleKeyDeletion")),
            opening("kms:ScheduleKeyDeletion", "WithdrawMaterial", "DenyScheduleDeletionByAnyoneElse"),
        ),
        Mutant(
            "an import role that changes roles",
            Refuted(Kind.INVENTORY, ("import.ida", "iam:PutRolePolicy")),
            allowing("iam:PutRolePolicy"),
        ),
        Mutant(
            "an import role that reads files",
            NotProvedBecause(("import.ida", "s3:GetObject")),
            allowing("s3:GetObject"),
        ),
        Mutant(
            "an import role that cannot import",
            Refuted(REFUSED, ("import.ida", "ImportKeyMaterial")),
            lambda t: own(t)["Action"].remove("kms:ImportKeyMaterial"),
        ),
        Mutant(
            "a key policy that lets no custodian see its materials",
            Refuted(REFUSED, ("import.ida", "ListKeyRotations")),
            without("ida", "ReadByCustodian"),
        ),
        Mutant(
            "the tenant's name as a tag of its import role",
            Refuted(Kind.INVENTORY, ("import.ida", "tenant_id")),
            lambda t: importer(t)["Tags"].append({"Key": "tenant_id", "Value": "ida"}),
        ),
        Mutant(
            "an import role for a tenant that names none",
            NotProvedBecause(("import.hugo", "does not declare")),
            lambda t: t.resources(CELL).update(
                ImportRolehugo={
                    "Type": "AWS::IAM::Role",
                    "Properties": {**importer(t), "RoleName": "import.hugo", "Policies": []},
                }
            ),
        ),
        Mutant(
            "the external id as a list of one",
            Harmless(),
            setting(trusted, "StringEquals", EXTERNAL, ["ida-keys-7"]),
        ),
    ]


def guardrails() -> list[Mutant]:
    return [
        Mutant(
            "a resource control policy that lets any account have sessions of import roles",
            Refuted(Kind.GUARDRAIL, ("does not keep sessions of import roles",)),
            gone(RCP, "DenyImportsFromOutside"),
        ),
        Mutant(
            "a resource control policy that lets customers have sessions of access roles",
            Refuted(Kind.GUARDRAIL, ("does not keep sessions from inside the organization",)),
            under(RCP, "DenySessionsFromOutside", StringNotEquals={"aws:PrincipalAccount": [CUSTOMER]}),
        ),
        Mutant(
            "a resource control policy that shuts the custodian out",
            Refuted(REFUSED, ("role/KeyCustodian cannot obtain",)),
            under(RCP, "DenyImportsFromOutside", StringNotEquals={"aws:PrincipalAccount": ["777777777777"]}),
        ),
    ]


MUTANTS: tuple[Mutant, ...] = (*trusts(), *powers(), *guardrails())
