"""Random edits of policies by a grammar that knows every operator, condition key, principal form and element of IAM."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tenant_keys.manifest import Estate
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of
from tools.random_estates.vocabulary import (
    ACTIONS,
    ADDRESS,
    ARN,
    ASSUMPTIONS,
    DATE,
    DECIDED,
    ELEMENTS,
    ESTATES,
    KEYS,
    NUMERIC,
    OPERATORS,
    ORGANIZATION,
    OTHER,
    OWN_TAG,
    PRINCIPALS,
    PROVIDERS,
    TEXT,
    TRUST_KEYS,
    VARIABLES,
    Statement,
)


class Grammar:
    """Draws edits of one estate, and counts what it drew."""

    def __init__(self, seed: int, estate: Estate, drawn: Counter[str]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
        self.tenants = list(estate.tenants)
        self.drawn = drawn

    def mutate(self, templates: Templates) -> None:
        """One edit, or two together."""
        self.tenant = self.random.choice(self.tenants)
        if self.random.random() < 0.6:
            self._without_denies(templates)
        for _ in range(self.random.choice((1, 1, 2))):
            place = self.random.random()
            if place < 0.65:
                self._edit(templates.properties("keys", f"Key{self.tenant}")["KeyPolicy"], "key")
                continue
            roles = sorted(name for name in templates.resources["roles"])
            role = templates.properties("roles", self.random.choice(roles))
            if place < 0.8:
                self._edit(role["Policies"][0]["PolicyDocument"], "identity")
            else:
                self._edit(role["AssumeRolePolicyDocument"], "trust")

    def compare(self, templates: Templates) -> None:
        """A statement about whoever has, as a name or a tag, what the key or the call has."""
        policy = templates.properties("keys", f"Key{self.tenant}")["KeyPolicy"]
        if self._with_probability(0.7):
            policy["Statement"] = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
        made: Statement = {"Sid": "Compared", "Effect": self._pick("Allow", "Allow", "Allow", "Deny"), "Resource": "*"}
        self._actions(made, "key")
        made["Principal"] = self._principal("key")
        name = self._count(self._pick(*VARIABLES), "variable: ")
        default = self._pick("", "", f", '{self._pick(*self.tenants)}'")
        operator = self._count(self._pick("StringEquals", "StringLike", "StringNotEquals"), "operator: ")
        key = self._count(self._pick(*DECIDED), "key: ")
        made["Condition"] = {operator: {key: self._pick("", "", "", "eu-", "x") + f"${{{name}{default}}}"}}
        policy["Statement"].append(made)

    def _without_denies(self, templates: Templates) -> None:
        policy = templates.properties("keys", f"Key{self.tenant}")["KeyPolicy"]
        kept = self.random.choice((0.0, 0.0, 0.3, 0.7))
        policy["Statement"] = [
            one for one in policy["Statement"] if one["Effect"] == "Allow" or self._with_probability(kept)
        ]

    def _with_probability(self, probability: float) -> bool:
        return self.random.random() < probability

    def _edit(self, document: dict[str, Any], policy: str) -> None:
        statements: list[Statement] = document["Statement"]
        kind = self._pick("add", "add", "add", "add", "condition", "condition", "drop", "operator", "value", "element")
        chosen = self.random.choice(statements)
        if kind == "add":
            statements.append(self._statement(policy))
        elif kind == "condition":
            self._condition_into(chosen.setdefault("Condition", {}), policy)
        elif kind == "drop" and len(statements) > 1:
            statements.remove(chosen)
        elif kind in ("operator", "value") and chosen.get("Condition"):
            self._turn(chosen["Condition"], kind)
        elif policy != "identity" and self._with_probability(0.5):
            chosen.pop("NotPrincipal", None)
            chosen["Principal"] = self._principal(policy)
        else:
            self._actions(chosen, policy)

    def _statement(self, policy: str) -> Statement:
        effect = self._pick("Allow", "Allow", "Allow", "Deny")
        made: Statement = {"Sid": f"Added{self.random.randrange(10**6)}", "Effect": effect}
        self._actions(made, policy)
        if policy != "trust":
            self._resources(made)
        if policy != "identity":
            inverted = policy == "key" and effect == "Deny" and self._with_probability(0.4)
            element = self._count("NotPrincipal" if inverted else "Principal")
            delegated = effect == "Allow" and self._with_probability(0.4)
            made[element] = {"AWS": f"arn:aws:iam::{CENTRAL}:root"} if delegated else self._principal(policy)
        for _ in range(self.random.choice((0, 1, 1, 1, 2))):
            self._condition_into(made.setdefault("Condition", {}), policy)
        return made

    def _actions(self, statement: Statement, policy: str) -> None:
        statement.pop("Action", None)
        statement.pop("NotAction", None)
        element = "NotAction" if policy != "trust" and self._with_probability(0.15) else "Action"
        known = ASSUMPTIONS if policy == "trust" else ACTIONS
        chosen = self.random.sample(known, self.random.choice((1, 1, 2)))
        statement[self._count(element)] = chosen[0] if len(chosen) == 1 else chosen

    def _resources(self, statement: Statement) -> None:
        key = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/"
        patterns = ("*", "*", f"{key}*", f"arn:aws:kms:*:{CENTRAL}:*", "arn:aws:kms:eu-central-1:*:key/*")
        with_variable = (f"arn:aws:kms:eu-west-1:{CENTRAL}:${{aws:PrincipalTag/team}}/*",)
        element = "NotResource" if self._with_probability(0.15) else "Resource"
        statement[self._count(element)] = self.random.choice(
            (*patterns, *with_variable) if self._with_probability(0.2) else patterns
        )

    def _principal(self, policy: str) -> Any:
        known = PRINCIPALS if policy == "trust" else PRINCIPALS[:-1]
        form = self._count(self._pick(*known), "principal: ")
        role = self._role()
        forms: dict[str, Any] = {
            "everyone": "*",
            "every AWS": {"AWS": "*"},
            "account": {"AWS": f"arn:aws:iam::{self._pick(CENTRAL, CENTRAL, OTHER)}:root"},
            "account id": {"AWS": self._pick(CENTRAL, OTHER, "222222222222")},
            "role": {"AWS": role},
            "session": {"AWS": f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{role.rpartition('/')[2]}/one"},
            "user": {"AWS": f"arn:aws:iam::{self._pick(CENTRAL, OTHER)}:user/{self._pick('acme', 'ops/ann')}"},
            "federated user": {"AWS": f"arn:aws:sts::{CENTRAL}:federated-user/acme"},
            "service": {"Service": self._pick("logs.amazonaws.com", "s3.amazonaws.com")},
            "several": {"AWS": [f"arn:aws:iam::{CENTRAL}:root", role], "Service": "logs.amazonaws.com"},
            "federated": {"Federated": f"arn:aws:iam::{CENTRAL}:{self._pick(*PROVIDERS)}"},
        }
        return forms[form]

    def _condition_into(self, condition: dict[str, Any], policy: str) -> None:
        key = self.random.choice(sorted(TRUST_KEYS if policy == "trust" and self._with_probability(0.6) else KEYS))
        if self._with_probability(0.35):
            key = self._pick("aws:PrincipalArn", "aws:PrincipalTag/tenant_id", "kms:RequestAlias", "aws:PrincipalOrgID")
        elif self._with_probability(0.3):
            key = self._pick(
                "aws:username", "aws:userid", "aws:PrincipalTag/team", "aws:PrincipalAccount", "aws:PrincipalType"
            )
        self._count(key, "key: ")
        name = self._operator({**KEYS, **TRUST_KEYS}[key])
        if key.lower() not in {one.lower() for one in condition.get(name, {})}:
            condition.setdefault(name, {})[key] = self._values(name, key)

    def _operator(self, kind: str) -> str:
        fitting = {"ARN": ARN, "Numeric": NUMERIC, "Date": DATE, "Bool": ("Bool",), "IPAddress": ADDRESS}.get(
            kind, TEXT
        )
        base = (
            self.random.choice(OPERATORS)
            if self._with_probability(0.12)
            else self.random.choice((*fitting, *fitting, "Null"))
        )
        if kind == "String" and self._with_probability(0.05):
            base = "BinaryEquals"
        self._count(base, "operator: ")
        if base == "Null":
            return base
        qualifier = self._pick("ForAllValues:", "ForAnyValue:", "ForAnyValue:") if kind.startswith("Array") else ""
        qualifier = qualifier or self._pick("", "", "", "", "ForAllValues:", "ForAnyValue:")
        if_exists = "IfExists" if self._with_probability(0.2) else ""
        self._count(qualifier or "single", "qualifier: ")
        if if_exists:
            self._count(if_exists, "qualifier: ")
        return f"{qualifier}{base}{if_exists}"

    def _values(self, name: str, key: str) -> Any:
        base = name.rpartition(":")[2].removesuffix("IfExists")
        many = self.random.choice((1, 1, 2))
        found = [self._value(base, key) for _ in range(many)]
        return found[0] if many == 1 else found

    def _value(self, base: str, key: str) -> str:
        if base.startswith("Numeric"):
            return str(self.random.choice((-1, 0, 7, 30, 90, 3600, 2.5)))
        if base.startswith("Date"):
            return self._pick("2026-11-28T00:00:00Z", "2020-01-01", "1800000000", "2027-06-01T12:00:00+02:00")
        if base in ("Bool", "Null"):
            return self._pick("true", "false")
        if base == "BinaryEquals":
            return self._pick("YWNtZQ==", "Ym9sdA==")
        if base in ADDRESS:
            return self._pick("203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "192.0.2.7")
        return self._variable(base, self._text(base, key))

    def _text(self, base: str, key: str) -> str:
        if base in ARN or key == "aws:PrincipalArn":
            role = self._role()
            arns = (role, role, f"{role[:-3]}*", f"{role.rpartition('/')[0]}/*", f"arn:aws:iam::{CENTRAL}:user/*")
            return self._pick(
                *arns, "arn:aws:iam::*:role/team:*", f"arn:aws:iam::{OTHER}:*", f"arn:aws:*::{CENTRAL}:*/Key?*"
            )
        if key in ("aws:PrincipalAccount", "kms:CallerAccount", "aws:SourceAccount", "aws:ResourceAccount"):
            return self._pick(CENTRAL, OTHER, "222222222222", "*", "5*")
        if key.endswith("OrgID"):
            return self._pick(ORGANIZATION, "o-zzzzzzzzzz", "o-*", "*")
        if key in ("kms:RequestAlias", "kms:ResourceAliases"):
            return f"alias/tenant-{self._pick(*self.tenants, '*', 'a*', 'other')}"
        if key == "aws:userid":
            return self._pick("AROA*:one", "*:one", "AIDA*", "AROA*", "*", CENTRAL, f"{OTHER}:*", "anonymous")
        if key == "aws:PrincipalType":
            return self._pick("AssumedRole", "User", "Account", "*", "FederatedUser", "Anonymous")
        return self._pick(*self.tenants, *self.tenants, "*", "?*", "a*", "Acme", "", "other", CENTRAL, "*:one")

    def _variable(self, base: str, value: str) -> str:
        """Put a policy variable in, now and then."""
        if not self._with_probability(0.3) or base not in (*TEXT, *ARN):
            return value
        name = self._count(self.random.choice(VARIABLES), "variable: ")
        default = self._pick(*self.tenants) if self._with_probability(0.35) else None
        self._count("with default" if default else "without default", "variable: ")
        written = f"${{{name}, '{default}'}}" if default else f"${{{name}}}"
        if base in ARN or value.startswith("arn:"):
            return f"{value.rpartition('/')[0]}/{written}" if "/" in value else value
        if value.startswith("alias/tenant-"):
            return f"alias/tenant-{written}"
        return self._pick(written, written, f"{written}*", f"x{written}")

    def _turn(self, condition: dict[str, Any], what: str) -> None:
        name = self.random.choice(sorted(condition))
        key = self.random.choice(sorted(condition[name]))
        values = condition[name].pop(key)
        if not condition[name]:
            del condition[name]
        if what == "operator":
            new = (
                self._pick(*TEXT, *ARN)
                if key != "aws:PrincipalArn" or self._with_probability(0.3)
                else self._pick(*ARN)
            )
            new = self._pick("", "", "ForAllValues:", "ForAnyValue:") + self._count(new, "operator: ")
            new += self._pick("", "", "IfExists")
        else:
            new, values = name, self._values(name, key if key in KEYS else "aws:PrincipalTag/team")
        condition.setdefault(new, {})[key] = values

    def _role(self) -> str:
        own = f"role/tenant-keys/orders/tenant-{self._pick(*self.tenants)}.orders"
        roles = (own, own, "role/tenant-keys/billing/shared.billing", "role/KeyAdministrator", "role/x/someone")
        return f"arn:aws:iam::{self._pick(CENTRAL, CENTRAL, CENTRAL, OTHER)}:{self._pick(*roles)}"

    def _pick(self, *options: str) -> str:
        return self.random.choice(options)

    def _count(self, name: str, prefix: str = "element: ") -> str:
        self.drawn[prefix + name] += 1
        return name


def declared() -> set[str]:
    """All that the grammar can draw: a run that leaves any of it out has not covered it."""
    return {
        *(f"operator: {one}" for one in OPERATORS),
        *(f"qualifier: {one}" for one in ("single", "IfExists", "ForAllValues:", "ForAnyValue:")),
        *(f"key: {one}" for one in {**KEYS, **TRUST_KEYS, OWN_TAG: ""}),
        *(f"variable: {one}" for one in (*VARIABLES, "with default", "without default")),
        *(f"principal: {one}" for one in PRINCIPALS),
        *(f"element: {one}" for one in ELEMENTS),
    }


def random_estates(seeds: Iterable[int], drawn: Counter[str]) -> Iterator[tuple[int, Estate, Templates]]:
    """An estate for each seed, mutated; what was drawn is counted."""
    originals = [templates_of(estate) for estate in ESTATES]
    for seed in seeds:
        chosen = seed % len(ESTATES)
        templates = originals[chosen].copy()
        grammar = Grammar(seed, ESTATES[chosen], drawn)
        grammar.mutate(templates)
        if seed % 5 in (1, 3):
            grammar.compare(templates)
        yield seed, ESTATES[chosen], templates
