"""The review as a document: one plain JSON-able value, and HTML, Markdown and JSON made of it."""

from tenant_keys.review.report.data import Document, build_document
from tenant_keys.review.report.findings import cfn_lint
from tenant_keys.review.report.render_html import render_html
from tenant_keys.review.report.render_json import render_json
from tenant_keys.review.report.render_markdown import render_markdown

__all__ = ["Document", "build_document", "cfn_lint", "render_html", "render_json", "render_markdown"]
