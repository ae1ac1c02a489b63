"""Templates of an estate whose tenants hold their keys, with one thing broken, and the verdict by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenant_keys.review.proof import Kind

GLOBEX = "arn:aws:kms:eu-west-1:555555555555:key/11111111-2222-3333-4444-555555555555"
HOOLI = "arn:aws:kms:eu-west-1:666666666666:key/11111111-2222-3333-4444-666666666666"
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


def policy(templates: dict[str, Body], role: str = "RoleglobexFororders") -> Body:
    stack = SHARED if role.startswith("Shared") else ROLES
    found: Body = templates[stack]["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]
    return found


def of(templates: dict[str, Body], sid: str, role: str = "RoleglobexFororders") -> Body:
    return next(one for one in policy(templates, role)["Statement"] if one["Sid"] == sid)


SHARED_ROLE = "SharedRolebilling"


def allow(**elements: object) -> Body:
    return {"Sid": "Added", "Effect": "Allow", **elements}


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
        ("tenant-globex.orders", "the key of tenant globex"),
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
    "an action that is missing": Mutant(
        lambda t: of(t, "UseHeldKey")["Action"].remove("kms:Decrypt"), REFUSED, ("kms:decrypt",), refuted_twice=False
    ),
    "a key that is missing": Mutant(
        lambda t: policy(t)["Statement"].pop(), REFUSED, ("kms:describekey", GLOBEX), refuted_twice=False
    ),
    "a Deny that nobody works out": Mutant(
        lambda t: policy(t)["Statement"].append(
            {"Sid": "No", "Effect": "Deny", "Action": "kms:Decrypt", "Resource": GLOBEX}
        ),
        Kind.NOT_PROVED,
        ("is denied on the key of tenant globex",),
        refuted_twice=False,
    ),
    "a parameter that tells of another's key": Mutant(
        lambda t: parameter(t, lambda held: held.update(hooli={"key_arn": GLOBEX, "grace_seconds": 0})),
        INVENTORY,
        ("is told held",),
        refuted_twice=False,
    ),
    "a parameter with a longer grace": Mutant(
        lambda t: parameter(t, lambda held: held["globex"].update(grace_seconds=86_400)),
        INVENTORY,
        ("is told held",),
        refuted_twice=False,
    ),
    "a parameter without the active key": Mutant(
        lambda t: parameter(t, lambda held: held.clear()), INVENTORY, ("is told held",), refuted_twice=False
    ),
}


def parameter(templates: dict[str, Body], edit: Callable[[Body], object]) -> None:
    properties = templates[PLACE]["Resources"]["Parameterorders"]["Properties"]
    value = json.loads(properties["Value"])
    edit(value["held"])
    properties["Value"] = json.dumps(value)
