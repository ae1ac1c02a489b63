"""What README.md and docs/ show of the code, one function a block."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenant_keys.aws_facts.quotas import RESOURCE_CONTROL_POLICY_CHARACTERS, SERVICE_CONTROL_POLICY_CHARACTERS
from tenant_keys.cli.commands import COMMANDS
from tenant_keys.manifest import load_estate
from tenant_keys.manifest.model import Guardrails
from tenant_keys.policy.access_role import (
    shared_role_policy,
    shared_role_trust,
    tenant_role_policy,
    tenant_role_trust,
)
from tenant_keys.policy.audit.rules import RULES
from tenant_keys.policy.guardrails import resource_control_policy, service_control_policy
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.policy.limits import compact

SAMPLE = Path("tenants.yaml")
DEMO = Path("docs/demo.txt")
"""What the demo prints, recorded by `tenant-keys demo > docs/demo.txt`; its test compares a real run with it."""


COLUMNS, INDENT = 110, " " * 12
"""Of a statement that is shown by itself."""


class CannotGenerate(ValueError):
    """Raised when a block names no generator, or a recorded output lacks a line that the block shows."""


def _statement() -> str:
    estate = load_estate(SAMPLE)
    tenant = estate.tenants["acme"]
    role = tenant_role_policy(tenant, estate.workloads["orders"], estate)
    return _json(role["Statement"][0])


def _of_key_policy(sid: str) -> str:
    """One statement, each element on a line of its own."""
    estate = load_estate(SAMPLE)
    statements = key_policy(estate.tenants["acme"], estate)["Statement"]
    lines = [
        textwrap.fill(json.dumps(value), COLUMNS, initial_indent=f' "{element}": ', subsequent_indent=INDENT)
        for element, value in next(statement for statement in statements if statement["Sid"] == sid).items()
    ]
    return "\n".join(["```json", "{", ",\n".join(lines), "}", "```"])


def _key_policy() -> str:
    estate = load_estate(SAMPLE)
    return _json(key_policy(estate.tenants["acme"], estate))


def _key_policy_table() -> str:
    estate = load_estate(SAMPLE)
    rows = ["| Sid | | actions | when |", "|---|---|---|---|"]
    for statement in key_policy(estate.tenants["acme"], estate)["Statement"]:
        actions = ", ".join(action.removeprefix("kms:") for action in statement["Action"]).replace("*", r"\*")
        rows.append(f"| `{statement['Sid']}` | {statement['Effect']} | {actions} | {_when(statement)} |")
    return "\n".join(rows)


def _guardrails() -> str:
    guardrails = Guardrails(management_account="444444444444", import_path="/key-import/")
    estate = replace(load_estate(SAMPLE), guardrails=guardrails)
    parts = []
    for kind, policy, limit in (
        ("Service control policy", service_control_policy(estate), SERVICE_CONTROL_POLICY_CHARACTERS),
        ("Resource control policy", resource_control_policy(estate), RESOURCE_CONTROL_POLICY_CHARACTERS),
    ):
        rows = [
            f"{kind}: {len(compact(policy)):,} of {limit:,} characters",
            "",
            "| Sid | denies | when |",
            "|---|---|---|",
        ]
        for statement in policy["Statement"]:
            actions = ", ".join(statement["Action"]).replace("*", r"\*")
            rows.append(f"| `{statement['Sid']}` | {actions} | {_when(statement)} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _when(statement: dict[str, Any]) -> str:
    words = {"ArnEquals": "is", "ArnNotEquals": "is none of", "StringEquals": "=", "StringNotEquals": "≠"}
    words |= {"ArnNotLike": "is not like", "Bool": "=", "BoolIfExists": "="}
    words["NumericLessThanIfExists"] = "is absent or <"
    parts = []
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            listed = [values] if isinstance(values, str) else values
            if operator == "Null":
                parts.append(f"{key} is {'absent' if values == 'true' else 'sent'}")
                continue
            names = ", ".join(f"`{_shown(value) if key == 'aws:PrincipalArn' else value}`" for value in listed)
            parts.append(f"{key} {words[operator]} {names}")
    return " and ".join(parts) or "always"


def _shown(arn: str) -> str:
    """A role's name, or the path of several."""
    return arn.partition(":role")[2] if arn.endswith("*") else arn.rpartition("/")[2]


def _role(tenant: str, workload: str) -> str:
    estate = load_estate(SAMPLE)
    one = estate.workloads[workload]
    if one.access == "tenant-role":
        documents = [tenant_role_policy(estate.tenants[tenant], one, estate), tenant_role_trust(one, estate)]
    else:
        documents = [shared_role_policy(one, estate), shared_role_trust(one, estate)]
    return "\n".join(map(_json, documents))


_CENTRAL = (
    *("AWS::KMS::Key", "AWS::KMS::Alias", "AWS::KMS::ReplicaKey", "AWS::IAM::Role", "AWS::IAM::OIDCProvider"),
    *("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::Events::Rule", "AWS::Events::EventBusPolicy"),
    *("AWS::CloudWatch::Alarm", "AWS::CloudTrail::Trail", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
)
_WORKLOADS = (
    "AWS::Events::Rule",
    *("AWS::IAM::Role", "AWS::SSM::Parameter", "AWS::IAM::ManagedPolicy", "AWS::IAM::InstanceProfile"),
    *("AWS::EKS::PodIdentityAssociation", "AWS::RolesAnywhere::TrustAnchor", "AWS::RolesAnywhere::Profile"),
)


_BEYOND_SCHEMAS = {"AWS::KMS::Key": ("iam:CreateServiceLinkedRole",)}
"""Calls that AWS makes of a type's caller though the schema's handlers do not list them: a multi-Region primary key
(AWS KMS guide, multi-region-keys-auth)."""


def _execution_permissions() -> str:
    """What the handlers of each type call, by the registry schemas that cfn-lint ships."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as REGISTRY  # type: ignore[import-untyped]

    rows = ["| account | resources | actions |", "|---|---|---|"]
    for account, types in (("central", _CENTRAL), ("workload", _WORKLOADS)):
        for name in types:
            handlers = REGISTRY.get_resource_schema("us-east-1", name).schema["handlers"].values()
            listed = {call for handler in handlers for call in handler["permissions"]}
            calls = sorted(listed.union(_BEYOND_SCHEMAS.get(name, ())))
            rows.append(f"| {account} | `{name}` | {', '.join(calls)} |")
    return "\n".join(rows)


def _detection_rules() -> str:
    """The table of rules, and how many characters the pattern of each has in the sample."""
    estate = load_estate(SAMPLE)
    rows = ["| rule | severity | what happened | run next | pattern |", "|---|---|---|---|---|"]
    for rule in RULES:
        size = len(json.dumps(rule.pattern(estate), separators=(",", ":")))
        cells = [f"`{rule.id}`", rule.severity, rule.sentence, rule.next.replace("<", "&lt;"), f"{size}"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _detection_pattern() -> str:
    return _json(next(rule for rule in RULES if rule.id == "use-denied").pattern(load_estate(SAMPLE)))


def _commands() -> str:
    rows = [f"| `tenant-keys {name}` | {command.does} |" for name, command in COMMANDS.items()]
    return "\n".join(["| command | does |", "|---|---|", *rows])


_OF_THE_DEMO = (
    ("orders ", "S3 PutObject"),
    ("acme's session ", "Decrypt, alias of acme "),
    ("acme's session ", "GenerateDataKey, alias of globex "),
    ("acme's session ", "Decrypt, key ARN of globex "),
    ("acme's session ", "Decrypt, own alias on globex's key "),
    ("billing, tag acme ", "Decrypt, alias of umbrella "),
    ("a stranger ", "AssumeRoleWithWebIdentity "),
    ("administrator ", "Decrypt, alias of globex "),
    ("initech's session ", "GenerateDataKey, own alias "),
)
"""Who and what, of the lines that README.md shows; the rest is in docs/demo.txt."""


def _demo() -> str:
    said = DEMO.read_text(encoding="utf-8").splitlines()
    shown = []
    for who, tried in _OF_THE_DEMO:
        found = [line for line in said if line.startswith(f"✓ {who}") and f" {tried}" in line]
        if len(found) != 1:
            raise CannotGenerate(f"{DEMO}: got {len(found)} lines of {who}{tried}, want one; record it again")
        shown += found
    return "\n".join(["```", *shown, said[-1], "```"])


def _json(value: object) -> str:
    return f"```json\n{json.dumps(value, indent=1)}\n```"


GENERATORS: dict[str, Callable[[], str]] = {
    "guardrails": _guardrails,
    "statement": _statement,
    "safeguard": lambda: _of_key_policy("DenyOtherAlias"),
    "waiting": lambda: _of_key_policy("DenyDeletionOfRecentlyUsedKey"),
    "key-policy": _key_policy,
    "key-policy-table": _key_policy_table,
    "tenant-role": lambda: _role("acme", "orders"),
    "shared-role": lambda: _role("acme", "billing"),
    "commands": _commands,
    "demo": _demo,
    "execution-permissions": _execution_permissions,
    "detection-rules": _detection_rules,
    "detection-pattern": _detection_pattern,
}
