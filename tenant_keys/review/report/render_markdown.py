"""The report as Markdown: what a browser makes page by page is here class by class, and a line for each tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader

from tenant_keys.review.markdown import escaped
from tenant_keys.review.report import names
from tenant_keys.review.report.data import Document


def render_markdown(document: Document) -> str:
    """The whole file. Each class of tenants is reported with the names of its first."""
    environment = Environment(
        loader=PackageLoader("tenant_keys.review.report"),
        autoescape=False,  # noqa: S701 - Markdown: `finalize` escapes every value, markup included
        finalize=_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dollars"] = _dollars
    environment.filters["plain"] = lambda action: action.partition(":")[2]
    return environment.get_template("report.md.j2").render(
        document=document, classes=list(_classes(document)), trusted=_trusted(document), rotation=_rotation
    )


def _escaped(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escaped(f"{value:,}" if isinstance(value, int) else str(value))


def _classes(document: Document) -> Iterator[dict[str, Any]]:
    """Every class with its first tenant's names in place of the tokens."""
    tenants = {tenant["id"]: tenant for tenant in document["tenants"]}
    for number, one in enumerate(document["classes"]):
        known = names.names_of(document, tenants[one["first"]])
        policies = {tuple(key["policy"]) for key in one["keys"]}
        places = [place for policy in sorted(policies) for place in policy]
        places += [place for role in one["roles"] for place in (*role["trust"], *role["identity"])]
        tried = names.named_values({key: one[key] for key in ("uses", "administration", "roles")}, known)
        said = [names.named_values(document["statements"][place], known) for place in dict.fromkeys(places)]
        yield {
            **one,
            **tried,
            "number": number,
            "said": said,
            "attempts": [_attempt(row, known, one["first"]) for row in one["attempts"]],
        }


def _attempt(row: Mapping[str, Any], known: Mapping[str, str], tenant: str) -> Any:
    other = next((name for name in row["others"] if name != tenant), "")
    return names.named_values(row, {**known, "other": other})


def _trusted(document: Document) -> list[dict[str, Any]]:
    rows = groupby(document["trusted"], key=lambda one: (one["may"], one["breaks"]))
    return [{"may": may, "breaks": breaks, "who": [one["who"] for one in group]} for (may, breaks), group in rows]


def _rotation(profile: Mapping[str, Any]) -> str:
    if profile["origin"] is None:
        return "no key"
    if profile["origin"] != "AWS_KMS":
        return "by its owner (imported material)"
    return "off" if profile["rotation_days"] is None else f"every {profile['rotation_days']} days"


def _dollars(month: Mapping[str, float]) -> str:
    low, high = f"{month['low']:,.2f}", f"{month['high']:,.2f}"
    return low if low == high else f"{low} to {high}"
