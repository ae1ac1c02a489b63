"""Tags: a role's tag becomes `aws:PrincipalTag`, so a stray tag could speak for a tenant."""

from __future__ import annotations

from collections.abc import Mapping

from tenant_keys.manifest.errors import Path
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.rules import Report

OWN_TAGS = ("tenant-keys:tenant", "tenant-keys:cell", "tenant-keys:project")
"""Set by the app on what it makes."""
MOST = 50 - len(OWN_TAGS)
"""KMS and IAM allow 50 tags on a resource."""


def check_tags(tags: Mapping[str, str], path: Path, report: Report) -> None:
    """One mapping of tags."""
    seen: dict[str, str] = {}
    for key, value in tags.items():
        folded = key.casefold()
        if folded == "tenant_id":
            report((*path, key), "the tag that chooses a tenant in session-tag; a role must not carry it, rename it")
        elif folded.startswith("aws:") or value.casefold().startswith("aws:"):
            report((*path, key), "aws: is reserved by AWS, in keys and in values; rename it")
        elif folded.startswith("tenant-keys:"):
            report((*path, key), "tenant-keys: is set by this app; rename it")
        elif folded in seen:
            report((*path, key), f"equals {seen[folded]} except for case, and IAM ignores the case of keys; keep one")
        seen.setdefault(folded, key)
    if len(tags) > MOST:
        report(path, f"got {len(tags)} tags; allowed: {MOST}, since AWS allows 50 and this app sets {len(OWN_TAGS)}")


def check_provider_tags(manifest: Manifest, report: Report) -> None:
    """The tags of every resource reach the providers that we make, which need a value (AWS::IAM::OIDCProvider, Tag)."""
    made = sorted(name for name, provider in manifest.identity_providers.items() if not provider.existing)
    for key, value in manifest.tags.items():
        if made and not value:
            report(("tags", key), f"got an empty value, which the OIDC provider {made[0]} cannot carry; give it one")


def check_merged(levels: tuple[Mapping[str, str], ...], path: Path, report: Report) -> None:
    """The tags that a resource gets from several levels together."""
    seen: dict[str, str] = {}
    for level in levels:
        above = dict(seen)
        for key in level:
            seen.setdefault(key.casefold(), key)
            other = above.get(key.casefold(), key)
            if other != key:
                report(path, f"{key} and {other} differ only in case, and IAM ignores the case of keys; write one form")
    if len(seen) > MOST >= max(map(len, levels)):
        report(path, f"got {len(seen)} tags with those of defaults and of the manifest; allowed: {MOST}")
