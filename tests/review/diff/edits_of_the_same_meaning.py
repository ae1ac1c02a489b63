"""Edits that write the same meaning differently."""

from __future__ import annotations

import copy
import json
import operator

from tests.review.diff.effects import (
    ALIAS,
    CELL,
    PLACE,
    ROLES,
    Edit,
    Json,
    deny,
    only,
    policy,
    properties,
    resource,
    statement,
    use_own,
)


def list_of_one(document: Json) -> None:
    for one in document["Statement"]:
        for element in ("Action", "Resource"):
            one[element] = one[element] if isinstance(one[element], list) else [one[element]]
        for keys in one.get("Condition", {}).values():
            for key, value in keys.items():
                keys[key] = value if isinstance(value, list) else [value]


def split(sid: str, element: str) -> Edit:
    """One statement for each action of a statement."""

    def edit(document: Json) -> None:
        whole = next(one for one in document["Statement"] if one["Sid"] == sid)
        rest = [one for one in document["Statement"] if one is not whole]
        parts = [{**whole, "Sid": f"{sid}{number}", element: one} for number, one in enumerate(whole[element])]
        document["Statement"] = [*parts, *rest]

    return policy(edit)


def split_by_presence(document: Json) -> None:
    """Two Denies for one: of requests with an alias, another one; and of requests without."""
    whole = next(one for one in document["Statement"] if one["Sid"] == ALIAS)
    absent = copy.deepcopy(whole) | {"Sid": "DenyNoAlias", "Condition": {"Null": {"kms:RequestAlias": "true"}}}
    whole["Condition"]["Null"] = {"kms:RequestAlias": "false"}
    document["Statement"].append(absent)


SAME: dict[str, Edit] = {
    "statements in another order": policy(lambda document: document["Statement"].reverse()),
    "other Sids": policy(lambda document: [one.update(Sid=one["Sid"] + "X") for one in document["Statement"]]),
    "single values as lists": policy(list_of_one),
    "a Deny of each action": split(ALIAS, "Action"),
    "a Deny twice": only(lambda all_: [*all_, {**all_[-1], "Sid": "Again"}]),
    "two Denies for one": policy(split_by_presence),
    "the account by its id": statement(
        "EncryptThroughTenantRole", lambda one: one.update(Principal={"AWS": "111111111111"})
    ),
    "every key of the account, in a key policy": deny(ALIAS, Resource="arn:aws:kms:eu-west-1:111111111111:key/*"),
    "every key anywhere, in a key policy": deny(ALIAS, Resource="arn:aws:kms:*:*:key/*"),
    "a negated operator with IfExists": statement(
        ALIAS, lambda one: one.update(Condition={"StringNotEqualsIfExists": one["Condition"]["StringNotEquals"]})
    ),
    "a pattern without wildcards": statement(
        ALIAS, lambda one: one.update(Condition={"StringNotLike": one["Condition"]["StringNotEquals"]})
    ),
    "ARN operators by their other name": policy(
        lambda document: document.update(
            json.loads(
                json.dumps(document).replace('"ArnNotEquals"', '"ArnNotLike"').replace('"ArnEquals"', '"ArnLike"')
            )
        )
    ),
    "keys in another case": policy(
        lambda document: document.update(
            json.loads(json.dumps(document).replace("kms:RequestAlias", "KMS:requestALIAS"))
        )
    ),
    "actions in another case": use_own(lambda one: one.update(Action=[name.upper() for name in one["Action"]])),
    "values in another order": policy(
        lambda document: [
            operator.methodcaller("reverse")(value)
            for one in document["Statement"]
            for keys in one.get("Condition", {}).values()
            for value in keys.values()
            if isinstance(value, list)
        ]
    ),
}
SAME_SETTINGS: dict[str, Edit] = {
    "defaults of a role": properties(ROLES, "RoleacmeFororders", MaxSessionDuration=3600, ManagedPolicyArns=[]),
    "a number as text": properties(ROLES, "RoleacmeFororders", MaxSessionDuration="3600"),
    "defaults of a key": properties(
        CELL, "Keyacme", KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT", Origin="AWS_KMS", MultiRegion=False
    ),
    "a boolean as text": properties(CELL, "Keyacme", Enabled="true", EnableKeyRotation="true"),
    "the period that is the default": properties(CELL, "Keyacme", RotationPeriodInDays=365, PendingWindowInDays=30),
    "a document in another order": resource(
        PLACE,
        "Parameterorders",
        lambda one: one["Properties"].update(
            Value=json.dumps(dict(reversed(json.loads(one["Properties"]["Value"]).items())), indent=2)
        ),
    ),
}
