"""The page of lint rules: for each its id, what it finds and why, an example that fails and one that passes."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from tenant_keys.review.rules.model import Kind, LintFinding, Place, Policy, parse_policy
from tenant_keys.review.rules.prefix_aliases import PrefixAliases
from tenant_keys.review.rules.registry import RULES
from tools.docs.blocks import CannotGenerate
from tools.lint_examples import BREAKS, KEEPS, use

PLACE = Place("stack", "resource", "policy", "111111111111")
KINDS: Mapping[str, str] = {
    "identity": "identity policy",
    "trust": "trust policy",
    "key": "key policy",
    "session": "session policy",
}
_URL = re.compile(r"https://\S+")
ALIASES = ("alias/tenant-acme", "alias/tenant-acme-corp")


def lint_rules() -> str:
    """One section a rule, in the order of the ids; a rule whose example is not found cannot be documented."""
    sections = {rule: _section(rule, BREAKS[rule][0], KEEPS[rule][0]) for rule in RULES}
    sections["prefix_aliases"] = _of_the_estate()
    return "\n".join(sections[rule] for rule in sorted(sections))


def _section(rule: str, breaks: tuple[str, dict[str, Any]], keeps: tuple[str, dict[str, Any]]) -> str:
    findings = list(RULES[rule](_policy(breaks)))
    if not findings or list(RULES[rule](_policy(keeps))):
        raise CannotGenerate(f"tools/lint_examples.py {rule}: the first examples do not show the rule")
    return _page(rule, findings[0], breaks, keeps)


def _of_the_estate() -> str:
    breaks = ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-acme*"}}))
    keeps = ("identity", use({"StringEquals": {"kms:RequestAlias": "alias/tenant-acme"}}))
    found = {example[0]: list(_over_aliases(example)) for example in (("breaks", breaks), ("keeps", keeps))}
    if not found["breaks"] or found["keeps"]:
        raise CannotGenerate("prefix_aliases: the examples do not show the rule")
    note = f"In an estate with the aliases {' and '.join(f'`{alias}`' for alias in ALIASES)}.\n"
    return _page("prefix_aliases", found["breaks"][0], breaks, keeps, note)


def _over_aliases(example: tuple[str, tuple[str, dict[str, Any]]]) -> Iterator[LintFinding]:
    rule = PrefixAliases()
    for alias in ALIASES:
        rule.add_alias(alias)
    rule.add_policy(_policy(example[1]))
    yield from rule.findings()


def _policy(example: tuple[str, dict[str, Any]]) -> Policy:
    kind, document = example
    whole = document if "Statement" in document else {"Version": "2012-10-17", "Statement": [document]}
    return parse_policy(whole, cast("Kind", kind), PLACE)


def _page(
    rule: str, found: LintFinding, breaks: tuple[str, dict[str, Any]], keeps: tuple[str, dict[str, Any]], note: str = ""
) -> str:
    doc = (importlib.import_module(f"tenant_keys.review.rules.{rule}").__doc__ or "").strip()
    text = " ".join(_URL.sub("", doc).split()).removesuffix(":")
    sources = ", ".join(f"<{url}>" for url in _URL.findall(doc))
    lines = [f"## {rule}", "", f"*{found.severity}*. {text} Source: {sources}", ""]
    lines += [f"**Why**: {found.why}. **Fix**: {found.fix}.", ""]
    lines += [note] if note else []
    lines += [f"Fails, in {_kind(breaks)}: {found.what}.", "", *_code(breaks[1]), ""]
    lines += [f"Passes, in {_kind(keeps)}:", "", *_code(keeps[1]), ""]
    return "\n".join(lines)


def _kind(example: tuple[str, dict[str, Any]]) -> str:
    word = KINDS[example[0]]
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _code(document: dict[str, Any]) -> list[str]:
    return ["```json", json.dumps(document, indent=1), "```"]
