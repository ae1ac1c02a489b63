"""Mutations drawn at random: conditions dropped, widened, turned, tenants named where they do not belong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from tenant_keys.manifest import Estate
from tools.random_estates.small_estates import CENTRAL, Templates

Statement = dict[str, Any]
OPERATORS = (
    "StringEquals",
    "StringLike",
    "StringEqualsIfExists",
    "StringNotEquals",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "ForAnyValue:StringLike",
    "ForAllValues:StringEquals",
)
KEYS = (
    "kms:RequestAlias",
    "kms:EncryptionContext:tenant_id",
    "aws:PrincipalTag/tenant_id",
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "kms:ViaService",
)
ACTIONS = ("kms:Decrypt", "kms:*", "kms:Encrypt", "kms:PutKeyPolicy", "kms:CreateGrant", "kms:DescribeKey", "*")
ASSUMPTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:*", "sts:AssumeRoleWithWebIdentity")
CHANGES = ("drop", "safeguards", *["condition"] * 2, *["value"] * 4, *["add"] * 2, "other")


class Draw:
    """Draws mutations of one estate."""

    def __init__(self, seed: int, estate: Estate) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
        self.estate = estate
        self.tenants = list(estate.tenants)

    def mutate(self, templates: Templates) -> None:
        """Change one to three things, of one tenant, of some or of all; often after the safeguards of all have gone."""
        if self.random.random() < 0.6:
            self._unguard(templates)
        if self.random.random() < 0.5:
            self._open(templates)
        for _ in range(self.random.choice((1, 1, 2, 2, 3))):
            chosen = self.random.choice((1, 1, 2, len(self.tenants)))
            seed = self.random.random()
            where = self.random.choice(("key", "key", "key", "identity", "identity", "trust", "alias", "role"))
            for tenant in self.random.sample(self.tenants, chosen):
                # The same change for each of them, unless it draws a tenant of its own.
                self.random.seed(f"{seed}{tenant if seed < 0.3 else ''}")
                self._at(where, templates, tenant)
            self.random.seed(f"{seed} after")

    def _unguard(self, templates: Templates) -> None:
        kept, seed = self.random.choice((0.0, 0.0, 0.2, 0.5)), self.random.random()
        for tenant in self.tenants:
            alike = random.Random(seed)  # noqa: S311 - the same safeguards go everywhere
            policy = templates.properties("keys", f"Key{tenant}")["KeyPolicy"]
            policy["Statement"] = [
                one for one in policy["Statement"] if one["Effect"] == "Allow" or alike.random() < kept
            ]

    def _open(self, templates: Templates) -> None:
        """Take the conditions off the roles' own policies, so that all hangs on the key policies."""
        for role in templates.resources["roles"].values():
            for statement in role.properties["Policies"][0]["PolicyDocument"]["Statement"]:
                statement.pop("Condition", None)

    def _at(self, where: str, templates: Templates, tenant: str) -> None:
        if where == "alias":
            self._alias(templates, tenant)
        elif where == "key":
            self._document(templates.properties("keys", f"Key{tenant}")["KeyPolicy"], tenant, "key")
        else:
            roles = [name for name in templates.resources["roles"] if name.startswith((f"tenant-{tenant}.", "shared."))]
            role = templates.properties("roles", self.random.choice(sorted(roles)))
            if where == "role":
                role["Tags"].append({"Key": self._pick("team", "tenant_id"), "Value": self._tenant(tenant)})
            elif where == "trust":
                self._document(role["AssumeRolePolicyDocument"], tenant, "trust")
            else:
                self._document(role["Policies"][0]["PolicyDocument"], tenant, "identity")

    def _alias(self, templates: Templates, tenant: str) -> None:
        one = templates.properties("keys", f"Alias{tenant}")
        other = templates.properties("keys", f"Alias{self._pick(*self.tenants)}")
        if self.random.random() < 0.5:
            one["TargetKeyId"], other["TargetKeyId"] = other["TargetKeyId"], one["TargetKeyId"]
        else:
            name = self._pick("alias/second", f"alias/tenant-{tenant}x")
            second = {"AliasName": name, "TargetKeyId": one["TargetKeyId"]}
            templates.add("keys", f"Second{tenant}", "AWS::KMS::Alias", second)

    def _document(self, document: dict[str, Any], tenant: str, kind: str) -> None:
        statements: list[Statement] = document["Statement"]
        change = self._pick(*CHANGES)
        statement = self.random.choice(statements)
        if change == "drop" and len(statements) > 1:
            statements.remove(statement)
        elif change == "safeguards":
            kept = [one for one in statements if one["Effect"] == "Allow" or self.random.random() < 0.3]
            document["Statement"] = kept or statements
        elif change in ("condition", "value"):
            conditioned = [one for one in statements if one.get("Condition")]
            if conditioned:
                self._condition(self.random.choice(conditioned), tenant, change)
        elif change == "add":
            statements.append(self._added(tenant, kind))
        else:
            self._other(statement, tenant, kind)

    def _condition(self, statement: Statement, tenant: str, change: str) -> None:
        condition = statement["Condition"]
        operator = self.random.choice(sorted(condition))
        key = self.random.choice(sorted(condition[operator]))
        value = condition[operator].pop(key)
        if change == "value":
            condition[operator][key] = self._value(key, tenant, value)
        elif self.random.random() < 0.5:
            new = self.random.choice(OPERATORS)
            condition.setdefault(new, {})[key] = value
        for empty in [name for name, keys in condition.items() if not keys]:
            del condition[empty]
        if not condition:
            del statement["Condition"]

    def _added(self, tenant: str, kind: str) -> Statement:
        effect = self._pick("Allow", "Allow", "Allow", "Deny")
        statement: Statement = {"Sid": f"Added{self.random.randrange(10**6)}", "Effect": effect}
        statement["Action"] = self.random.choice(ACTIONS)
        if kind == "trust":
            statement["Action"] = self._pick(*ASSUMPTIONS)
        else:
            statement["Resource"] = "*"
        if kind != "identity":
            statement["Principal"] = self._principal(tenant)
        if self.random.random() < 0.7:
            key = self.random.choice(KEYS if kind != "trust" else KEYS[2:6])
            statement["Condition"] = {self.random.choice(OPERATORS[:5]): {key: self._value(key, tenant, [])}}
        return statement

    def _other(self, statement: Statement, tenant: str, kind: str) -> None:
        if kind != "trust" and self.random.random() < 0.5:
            statement["Action"] = self.random.choice(ACTIONS)
        elif kind != "identity":
            statement["Principal"] = self._principal(tenant)
        else:
            statement["Resource"] = self._pick("*", f"arn:aws:kms:*:{CENTRAL}:key/*", "arn:aws:kms:eu-west-1:*:*")

    def _principal(self, tenant: str) -> Any:
        role = self._role(tenant)
        session = f"arn:aws:sts::{CENTRAL}:assumed-role/{role.rpartition('/')[2]}/one"
        return self.random.choice(
            (
                "*",
                {"AWS": "*"},
                {"AWS": f"arn:aws:iam::{CENTRAL}:root"},
                {"AWS": "555555555555"},
                {"AWS": role},
                {"AWS": session},
                {"Service": "logs.amazonaws.com"},
            )
        )

    def _value(self, key: str, tenant: str, old: Any) -> Any:
        several = [old] if isinstance(old, str) else list(old)
        new = self._new_value(key, tenant)
        return self.random.choice((new, [*several, new], [new]))

    def _new_value(self, key: str, tenant: str) -> str:
        name = self._tenant(tenant)
        if key == "aws:PrincipalArn":
            role = self._role(tenant)
            widened = (role, f"{role[:-3]}*", f"{role.rpartition('/')[0]}/*", role.replace(name, f"{name[:2]}*"))
            return self._pick(*widened, "arn:aws:iam::555555555555:role/x", f"arn:aws:iam::{CENTRAL}:role/Key*")
        if key in ("aws:PrincipalAccount", "aws:PrincipalOrgID"):
            return self._pick(CENTRAL, "555555555555", "o-a1b2c3d4e5", "o-other", "*")
        own, default = "${aws:PrincipalTag/tenant_id}", f"${{aws:PrincipalTag/tenant_id, '{name}'}}"
        value = self._pick(name, name, f"{name[:1]}*", f"{name}*", "*", own, default, "Other", f"{name[:2]}?*")
        return f"alias/tenant-{value}" if key in ("kms:RequestAlias", "kms:ResourceAliases") else value

    def _role(self, tenant: str) -> str:
        shared = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing"
        own = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-{self._tenant(tenant)}.orders"
        return self._pick(own, own, own, shared, f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator")

    def _tenant(self, tenant: str) -> str:
        return self._pick(tenant, *self.tenants)

    def _pick(self, *options: str) -> str:
        return self.random.choice(options)


def mutated(
    seeds: Iterable[int], estate: Estate, make: Callable[[Estate], Templates]
) -> Iterable[tuple[int, Templates]]:
    """The estate's templates, mutated once for each seed."""
    whole = make(estate)
    for seed in seeds:
        templates = whole.copy()
        Draw(seed, estate).mutate(templates)
        yield seed, templates
