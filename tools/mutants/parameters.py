"""Parameters that tell workloads their roles, with one thing broken."""

from __future__ import annotations

import json
from collections.abc import Callable

from tools.mutants.binding_edits import ACCESS, DEAD, INVENTORY
from tools.mutants.mutant import (
    Edit,
    Expectation,
    Harmless,
    Mutant,
    Refuted,
    adding_resource,
)
from tools.mutants.original import PLACE, Body, Templates


def parameters() -> list[Mutant]:
    """What a workload is given of its roles and aliases."""
    far = "tenant-keys-workload-222222222222-eu-central-1"
    alias = "arn:aws:kms:eu-west-1:111111111111:alias/tenant-{tenant_id}"
    orders = "/tenant-keys/orders"

    def reported(name: str, word: str, stack: str = PLACE, **changed: object) -> Mutant:
        return Mutant(
            f"a parameter {name}",
            Refuted(INVENTORY, ("the parameter of workload orders contains", word)),
            _reported(stack, **changed),
        )

    def spelt(name: str, expected: Expectation, spell: Callable[[Body], str]) -> Mutant:
        return Mutant(f"a parameter {name}", expected, _spelt(spell))

    def planted(name: str, word: str, called: str) -> Mutant:
        return Mutant(
            f"a parameter {name}",
            Refuted(INVENTORY, (word, called)),
            adding_resource(PLACE, "AWS::SSM::Parameter", Name=called, Type="String", Value="{}"),
        )

    return [
        Mutant(
            "a parameter gone",
            Refuted(DEAD, (orders, "account 222222222222 in eu-west-1", "in no template")),
            lambda t: t.resources(PLACE).pop("Parameterorders"),
        ),
        Mutant(
            "a parameter gone in one Region",
            Refuted(DEAD, (orders, "in eu-central-1", "in no template")),
            lambda t: t.resources(far).pop("Parameterorders"),
        ),
        Mutant(
            "a parameter of another name",
            Refuted(DEAD, (orders, "in no template")),
            lambda t: t.resources(PLACE)["Parameterorders"]["Properties"].update(Name="/orders"),
        ),
        Mutant(
            "a parameter with another workload's value",
            Refuted(INVENTORY, (orders, "in eu-central-1", 'workload is "mails"')),
            lambda t: _parameter(t, far).update(Value=t.resources(far)["Parametermails"]["Properties"]["Value"]),
        ),
        reported(
            "with another workload's role",
            "which differs: role_arn is ",
            role_arn=f"{ACCESS}/mails/tenant-{{tenant_id}}.mails",
        ),
        reported("with another tenant's role", "role_arn", role_arn=f"{ACCESS}/orders/tenant-bert.orders"),
        reported(
            "with another mode",
            'access is "session-tag", declared',
            far,
            access="session-tag",
        ),
        reported("with a version that equals 1 in Python alone", "version is true, declared is 1", version=True),
        reported("with one operation fewer", "operations", operations=["decrypt"]),
        reported("without a name", "something other than", extra=1),
        reported("with aliases of another account", "alias_arn", alias_arn=alias.replace("1111111:", "1111119:")),
        reported("with one alias for all tenants", "alias_arn", alias_arn=alias.replace("{tenant_id}", "alma")),
        reported("with aliases of another Region", "tenant alma", alias_arn=alias.replace("eu-west-1", "eu-central-1")),
        reported("with aliases in a list", "alias_arn", alias_arn=[alias]),
        reported(
            "with another tenant's alias for one",
            "tenant alma",
            exceptions={"alma": alias.replace("{tenant_id}", "bert")},
        ),
        reported(
            "with an alias for a tenant of another workload",
            '"emil"',
            exceptions={"emil": alias.replace("{tenant_id}", "emil")},
        ),
        reported("with the far alias of a replicated key", "tenant gina", far, exceptions={}),
        spelt(
            "with a name twice",
            Refuted(INVENTORY, (orders, "a name occurs twice")),
            lambda body: json.dumps(body).replace("{", '{"access": "session-tag", ', 1),
        ),
        spelt("that is no JSON", Refuted(INVENTORY, (orders, "what is not understood")), lambda _: "orders"),
        spelt("spelt otherwise", Harmless(), lambda body: json.dumps(dict(sorted(body.items())), indent=1)),
        planted("twice", "twice in one Region", orders),
        planted("of a workload that is not declared", "does not declare there", "/tenant-keys/other"),
        planted("of a workload of another account", "does not declare there", "/tenant-keys/billing"),
        Mutant(
            "a parameter of something else",
            Harmless(),
            adding_resource(PLACE, "AWS::SSM::Parameter", Name="/shop/orders", Type="String", Value="{}"),
        ),
    ]


def _parameter(templates: Templates, stack: str) -> Body:
    properties: Body = templates.resources(stack)["Parameterorders"]["Properties"]
    return properties


def _reported(stack: str, **changed: object) -> Edit:
    def edit(templates: Templates) -> None:
        properties = _parameter(templates, stack)
        properties["Value"] = json.dumps({**json.loads(properties["Value"]), **changed})

    return edit


def _spelt(spell: Callable[[Body], str]) -> Edit:
    def edit(templates: Templates) -> None:
        properties = _parameter(templates, PLACE)
        properties["Value"] = spell(json.loads(properties["Value"]))

    return edit
