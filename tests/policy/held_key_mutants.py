"""Templates of an estate whose tenants hold their keys, with one thing broken, and the verdict by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenant_keys.review.proof import Kind

GLOBEX = "arn:aws:kms:eu-west-1:555555555555:key/11111111-2222-3333-4444-555555555555"
HOOLI = "arn:aws:kms:eu-west-1:666666666666:key/11111111-2222-3333-4444-666666666666"
OTHER_KEY = HOOLI.replace("6666:key", "6667:key")
ROLES, SHARED = "tenant-keys-roles-001", "tenant-keys-shared-access"
GUARDRAILS = "tenant-keys-guardrails"
PLACE = "tenant-keys-workload-222222222222-eu-west-1"
Body = dict[str, Any]
MORE, INVENTORY, REFUSED = Kind.MORE_THAN_DECLARED, Kind.INVENTORY, Kind.REFUSED


@dataclass(frozen=True)
class Mutant:
    """One thing broken in the templates, and by hand what both engines must say."""

    edit: Callable[[dict[str, Body]], object]
    kind: Kind
    words: tuple[str, ...]
    refuted_twice: bool = True
    """Whether the second engine refutes it, too: it is asked of what is allowed, not of what is missing."""
    stops: bool = False
    """Whether it stops something declared beside that."""


def policy(templates: dict[str, Body], role: str = "RoleglobexFororders") -> Body:
    stack = SHARED if role.startswith("Shared") else ROLES
    found: Body = templates[stack]["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]
    return found


def of(templates: dict[str, Body], sid: str, role: str = "RoleglobexFororders") -> Body:
    return next(one for one in policy(templates, role)["Statement"] if one["Sid"] == sid)


SHARED_ROLE = "SharedRolebilling"
WITHOUT_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def allow(**elements: object) -> Body:
    return {"Sid": "Added", "Effect": "Allow", **elements}


def deny(templates: dict[str, Body], **elements: object) -> Body:
    statement = {"Sid": "No", "Effect": "Deny", **elements}
    policy(templates)["Statement"].append(statement)
    return statement


def further(templates: dict[str, Body], operator: str, keys: Body) -> None:
    """Give the Allow of the tenant's operations one condition more."""
    condition = of(templates, "UseHeldKey")["Condition"]
    condition[operator] = {**condition.get(operator, {}), **keys}


MUTANTS = {
    "another tenant's key": Mutant(
        lambda t: of(t, "UseHeldKey")["Resource"].append(HOOLI), MORE, ("tenant-globex.orders", "tenant hooli")
    ),
    "another tenant's key, by an alias of its owner's": Mutant(
        lambda t: policy(t)["Statement"].append(
            allow(Action="kms:Decrypt", Resource=HOOLI, Condition={"StringEquals": {"kms:RequestAlias": "alias/x"}})
        ),
        MORE,
        ("tenant-globex.orders", "tenant hooli"),
    ),
    "another tenant's key, where its owner gives it an alias": Mutant(
        lambda t: policy(t)["Statement"].append(
            allow(
                Action="kms:Decrypt",
                Resource=HOOLI,
                Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/x"}},
            )
        ),
        MORE,
        ("tenant-globex.orders", "tenant hooli"),
    ),
    "a key of an account that nobody registered": Mutant(
        lambda t: of(t, "UseHeldKey").update(Resource=[GLOBEX, GLOBEX.replace("5555:key", "5557:key")]),
        MORE,
        ("tenant-globex.orders", "555555555557"),
        refuted_twice=False,
    ),
    "every key of the customer's account": Mutant(
        lambda t: of(t, "UseHeldKey").update(Resource=["arn:aws:kms:eu-west-1:555555555555:key/*"]),
        MORE,
        ("tenant-globex.orders", "arn:aws:kms:eu-west-1:555555555555:key/*; the manifest"),
        refuted_twice=False,
    ),
    "every key of every account, for a tenant of ours": Mutant(
        lambda t: policy(t, "RoleacmeFororders")["Statement"].append(
            allow(Action="kms:Decrypt", Resource="arn:aws:kms:*:*:key/*")
        ),
        MORE,
        ("tenant-acme.orders", "tenant globex", "tenant hooli"),
    ),
    **{
        f"keys of an account that nobody registered, by {resource}": Mutant(
            lambda t, resource=resource: policy(t, "RoleacmeFororders")["Statement"].append(  # type: ignore[misc]
                allow(Action="kms:Decrypt", Resource=resource)
            ),
            MORE,
            ("tenant-acme.orders", resource),
            refuted_twice=False,
        )
        for resource in (
            "arn:aws:kms:eu-west-1:99999999999?:key/*",
            "arn:*:kms:eu-west-1:999999999999:key/*",
            "arn:aws:kms:*:9*:key/1*",
            "arn:aws:k*9999:key/*",
        )
    },
    "every key, for a tenant of ours": Mutant(
        lambda t: policy(t, "RoleacmeFororders")["Statement"][0].update(Resource="*"),
        MORE,
        ("tenant-acme.orders", "is allowed on the key of tenant globex, the key of tenant hooli, *;"),
    ),
    "the own key without a context": Mutant(
        lambda t: of(t, "UseHeldKey").pop("Condition"), MORE, ("tenant-globex.orders", "the key of tenant globex")
    ),
    "another tenant's context": Mutant(
        lambda t: of(t, "UseHeldKey")["Condition"]["StringEquals"].update(
            {"kms:EncryptionContext:tenant_id": ["globex", "hooli"]}
        ),
        MORE,
        ("the key of tenant globex",),
    ),
    "a context if there is one": Mutant(
        lambda t: of(t, "UseHeldKey").update(
            Condition={"StringEqualsIfExists": {"kms:EncryptionContext:tenant_id": "globex"}}
        ),
        MORE,
        ("the key of tenant globex",),
    ),
    "a grant on the tenant's key": Mutant(
        lambda t: of(t, "UseHeldKey")["Action"].append("kms:CreateGrant"), MORE, ("kms:CreateGrant",)
    ),
    "all actions by a pattern": Mutant(
        lambda t: of(t, "UseHeldKey").update(Action="kms:*"), MORE, ("the key of tenant globex",)
    ),
    "a shared role without the tag": Mutant(
        lambda t: of(t, "UseHeldKeyOfGlobex", SHARED_ROLE)["Condition"]["StringEquals"].pop(
            "aws:PrincipalTag/tenant_id"
        ),
        MORE,
        ("shared.billing", "the key of tenant globex"),
    ),
    "a shared role with another tenant's tag": Mutant(
        lambda t: of(t, "UseHeldKeyOfGlobex", SHARED_ROLE)["Condition"]["StringEquals"].update(
            {"aws:PrincipalTag/tenant_id": "hooli"}
        ),
        MORE,
        ("shared.billing", "the key of tenant globex"),
        stops=True,
    ),
    "a shared role that describes any tenant's key": Mutant(
        lambda t: of(t, "DescribeHeldKeyOfGlobex", SHARED_ROLE).pop("Condition"),
        MORE,
        ("shared.billing", "kms:DescribeKey"),
    ),
    "everything but some keys": Mutant(
        lambda t: policy(t, "RoleacmeFororders")["Statement"].append(
            allow(Action=["kms:Decrypt"], NotResource="arn:aws:kms:eu-west-1:111111111111:key/*")
        ),
        MORE,
        ("tenant-acme.orders", "tenant globex", "tenant hooli"),
    ),
    "everything but some actions": Mutant(
        lambda t: policy(t, "RoleacmeFororders")["Statement"].append(
            allow(NotAction=["s3:GetObject"], Resource=GLOBEX)
        ),
        MORE,
        ("tenant-acme.orders", "the key of tenant globex"),
    ),
    "a resource with a variable": Mutant(
        lambda t: policy(t, "RoleacmeFororders")["Statement"].append(
            allow(Action=["kms:Decrypt"], Resource="arn:aws:kms:eu-west-1:555555555555:key/${aws:PrincipalTag/key}")
        ),
        MORE,
        ("tenant-acme.orders", "the key of tenant globex"),
    ),
    "a workload's own role": Mutant(
        lambda t: t[PLACE]["Resources"]["Roleorders"]["Properties"]["Policies"][0]["PolicyDocument"][
            "Statement"
        ].append(allow(Action=["kms:Decrypt"], Resource=[GLOBEX])),
        MORE,
        ("tenant-keys-orders", "the key of tenant globex"),
    ),
    "a context by StringLike with a wildcard": Mutant(
        lambda t: of(t, "UseHeldKey").update(Condition={"StringLike": {"kms:EncryptionContext:tenant_id": "globe?"}}),
        MORE,
        ("the key of tenant globex",),
    ),
    **{
        f"a further condition that no call of the workload meets, on {next(iter(keys))}": Mutant(
            lambda t, operator=operator, keys=keys: further(t, operator, keys),  # type: ignore[misc]
            REFUSED,
            ("tenant-globex.orders: kms:Decrypt", "is declared and not allowed"),
            refuted_twice=False,
        )
        for operator, keys in (
            ("StringEquals", {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}),
            ("StringEquals", {"kms:CallerAccount": "555555555555"}),
            ("StringLike", {"kms:EncryptionContext:tenant_id": "hooli"}),
        )
    },
    **{
        f"a further condition that others decide, on {next(iter(keys))}": Mutant(
            lambda t, operator=operator, keys=keys: further(t, operator, keys),  # type: ignore[misc]
            Kind.NOT_PROVED,
            ("tenant-globex.orders: kms:Decrypt", "is declared and not allowed for certain"),
            refuted_twice=False,
        )
        for operator, keys in (
            ("ForAnyValue:StringEquals", {"kms:ResourceAliases": "alias/x"}),
            ("StringEquals", {"aws:SourceVpc": "vpc-1"}),
        )
    },
    "an action that is missing": Mutant(
        lambda t: of(t, "UseHeldKey")["Action"].remove("kms:Decrypt"),
        REFUSED,
        ("tenant-globex.orders: kms:Decrypt",),
        refuted_twice=False,
    ),
    "a key that is missing": Mutant(
        lambda t: policy(t)["Statement"].pop(), REFUSED, ("kms:DescribeKey", GLOBEX), refuted_twice=False
    ),
    "a Deny of a declared operation": Mutant(
        lambda t: deny(t, Action="kms:Decrypt", Resource=GLOBEX),
        REFUSED,
        ("tenant globex through", "kms:Decrypt on", GLOBEX),
        refuted_twice=False,
    ),
    "a Deny of a declared operation, by a network": Mutant(
        lambda t: deny(
            t, Action="kms:Decrypt", Resource="*", Condition={"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
        ),
        Kind.NOT_PROVED,
        ("kms:Decrypt on", "depends on aws:sourcevpc"),
        refuted_twice=False,
    ),
    "an Allow that a Deny may take back": Mutant(
        lambda t: (
            policy(t)["Statement"].append(allow(Action="kms:Decrypt", Resource=HOOLI)),
            deny(t, Action="kms:Decrypt", Resource=HOOLI, Condition={"Null": {"kms:GrantOperations": "true"}}),
        ),
        Kind.NOT_PROVED,
        ("the key of tenant hooli", "whether a Deny"),
        refuted_twice=False,
    ),
    "an Allow of which a Deny takes back a part": Mutant(
        lambda t: (
            policy(t)["Statement"].append(allow(Action=["kms:Decrypt", "kms:Encrypt"], Resource=HOOLI)),
            deny(t, Action="kms:Decrypt", Resource=HOOLI),
        ),
        MORE,
        ("the key of tenant hooli",),
    ),
    "an Allow of two keys, of which a Deny may take back one": Mutant(
        lambda t: (
            policy(t)["Statement"].append(allow(Action="kms:Decrypt", Resource=[HOOLI, OTHER_KEY])),
            deny(t, Action="kms:Decrypt", Resource=OTHER_KEY, Condition=WITHOUT_TLS),
        ),
        MORE,
        ("the key of tenant hooli",),
    ),
    **{
        f"an Allow that a Deny of {name} may take back": Mutant(
            lambda t, elements=elements: (  # type: ignore[misc]
                policy(t)["Statement"].append(allow(Action="kms:Decrypt", Resource=OTHER_KEY)),
                deny(t, Action="kms:Decrypt", Condition=WITHOUT_TLS, **elements),
            ),
            Kind.NOT_PROVED,
            (OTHER_KEY, "whether a Deny"),
            refuted_twice=False,
        )
        for name, elements in (("every key", {"Resource": "*"}), ("all keys but one", {"NotResource": GLOBEX}))
    },
    "an alias of a key, under an action that needs the alias too": Mutant(
        lambda t: policy(t)["Statement"].append(
            allow(Action="kms:UpdateAlias", Resource="arn:aws:kms:eu-west-1:555555555555:alias/x")
        ),
        MORE,
        ("alias/x",),
        refuted_twice=False,
    ),
    "a parameter that tells of another's key": Mutant(
        lambda t: parameter(t, lambda held: held.update(hooli={"key_arn": GLOBEX, "grace_seconds": 0})),
        INVENTORY,
        ("contains held",),
        refuted_twice=False,
    ),
    "a parameter with a longer grace": Mutant(
        lambda t: parameter(t, lambda held: held["globex"].update(grace_seconds=86_400)),
        INVENTORY,
        ("contains held",),
        refuted_twice=False,
    ),
    "a parameter without the active key": Mutant(
        lambda t: parameter(t, lambda held: held.clear()), INVENTORY, ("contains held",), refuted_twice=False
    ),
}


HARMLESS: dict[str, Callable[[dict[str, Body]], object]] = {
    "a Deny of what is declared nowhere": lambda t: deny(t, Action=["kms:CreateGrant", "kms:ReEncrypt*"], Resource="*"),
    "a Deny of requests without TLS": lambda t: deny(t, Action="kms:*", Resource="*", Condition=WITHOUT_TLS),
    "a Deny of every other tenant's key": lambda t: deny(t, Action="kms:*", NotResource=GLOBEX),
    "a Deny of other contexts": lambda t: deny(
        t,
        Action=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"],
        Resource="*",
        Condition={"StringNotEquals": {"kms:EncryptionContext:tenant_id": "globex"}},
    ),
    "a declared operation in a statement of its own": lambda t: (
        of(t, "UseHeldKey")["Action"].remove("kms:Encrypt"),
        policy(t)["Statement"].append({**of(t, "UseHeldKey"), "Sid": "Apart", "Action": "kms:encrypt"}),
    ),
    "a further condition on the own account": lambda t: further(
        t, "StringEquals", {"kms:CallerAccount": "111111111111"}
    ),
    "a further condition on TLS": lambda t: further(t, "Bool", {"aws:SecureTransport": "true"}),
    "the context by StringLike without a wildcard": lambda t: of(t, "UseHeldKey").update(
        Condition={"StringLike": {"kms:EncryptionContext:tenant_id": "globex"}}
    ),
    "a context that a second condition narrows to the tenant's": lambda t: of(t, "UseHeldKey").update(
        Condition={
            "StringEquals": {"kms:EncryptionContext:tenant_id": ["globex", "hooli"]},
            "StringLike": {"kms:EncryptionContext:tenant_id": "globex"},
        }
    ),
    "the description beside the operations too": lambda t: of(t, "UseHeldKey")["Action"].append("kms:DescribeKey"),
    "an Allow that a Deny takes back": lambda t: (
        policy(t)["Statement"].append(allow(Action="kms:Decrypt", Resource=HOOLI)),
        deny(t, Action="kms:*", Resource=HOOLI),
    ),
    "an Allow of all operations that a Deny of everything takes back": lambda t: (
        policy(t)["Statement"].append(allow(Action="kms:Re*", Resource=[HOOLI, OTHER_KEY])),
        deny(t, Action="kms:Re*", Resource="*"),
    ),
    "an alias as the resource of an operation on keys": lambda t: policy(t)["Statement"].append(
        allow(Action="kms:Decrypt", Resource="arn:aws:kms:eu-west-1:555555555555:alias/x")
    ),
}
"""Edits that open nothing and stop nothing that is declared."""


def parameter(templates: dict[str, Body], edit: Callable[[Body], object]) -> None:
    properties = templates[PLACE]["Resources"]["Parameterorders"]["Properties"]
    value = json.loads(properties["Value"])
    edit(value["held"])
    properties["Value"] = json.dumps(value)
