"""The report as one HTML file that asks the network for nothing.

What is the same for all tenants is written here and can be read without scripts. The tenants' own pages are made in the
browser, from statements that appear once for a class. Every text from outside goes through Jinja's escaping here and
through `textContent` there. The Content-Security-Policy allows exactly the style and the script of this file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from itertools import groupby
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from tenant_keys.review.report.chart import cost_chart
from tenant_keys.review.report.data import Document
from tenant_keys.review.report.diagram import accounts_diagram

STYLES: Final = ("base.css", "tables.css", "pictures.css", "print.css")
SCRIPTS: Final = ("dom.js", "names.js", "access.js", "search.js", "map.js", "list.js", "tenant.js", "route.js")
_IN_BROWSER: Final = ("statements", "classes", "tenants", "profiles", "workloads")


def render_html(document: Document) -> str:
    """The whole file."""
    style = "\n".join(_asset("css", name) for name in STYLES)
    script = "(() => {\n'use strict';\n" + "\n".join(_asset("js", name) for name in SCRIPTS) + "\n})();"
    template = _environment().get_template("report.html.j2")
    return template.render(
        document=document,
        trusted=_grouped(document),
        diagram=accounts_diagram(document),
        chart=cost_chart(document["cost"]),
        data=Markup(_data(document)),  # noqa: S704 - JSON whose markup is escaped
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tenant_keys.review.report"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["short"] = _short
    environment.filters["dollars"] = _dollars
    environment.filters["figure"] = lambda value: f"{value:,}"
    environment.filters["rounded"] = lambda value: f"{value:,.0f}" if value >= 1 else f"{value:.2g}"
    return environment


def _grouped(document: Document) -> list[dict[str, Any]]:
    """Who must be trusted, act by act."""
    rows = groupby(document["trusted"], key=lambda one: (one["may"], one["breaks"]))
    return [{"may": may, "breaks": breaks, "who": [one["who"] for one in group]} for (may, breaks), group in rows]


def _data(document: Document) -> str:
    kept = {key: document[key] for key in _IN_BROWSER}
    kept["account"] = document["summary"]["account"]
    kept["alias"] = document["summary"]["alias"]
    kept["findings"] = [one for one in document["findings"]["proof"] if one["tenant"]]
    text = json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
    # Inside a script element only "</script" and "<!--" could end or nest it.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(kind: str, name: str) -> str:
    return files(__package__).joinpath("templates", kind, name).read_text(encoding="utf-8")


def _short(arn: str) -> str:
    """A role's ARN without what is always the same."""
    return re.sub(r"^arn:[a-z-]+:iam::", "", arn)


def _dollars(months: dict[str, float]) -> str:
    low, high = f"{months['low']:,.2f}", f"{months['high']:,.2f}"
    return low if low == high else f"{low} to {high}"
