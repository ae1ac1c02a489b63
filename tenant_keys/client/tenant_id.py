"""What a tenant id is: it becomes an alias, a role name, a session tag and an encryption context, unchanged."""

from __future__ import annotations

import re

from tenant_keys.client.errors import UnknownTenant

CONTEXT_KEY = "tenant_id"
"""The session tag, and the key of the encryption context, that carry the tenant's id."""

MAX_LENGTH = 40
"""Characters; the design's limit, so that alias, role name and logical id fit AWS's."""

# \Z and not $: $ would accept a trailing newline.
_PATTERN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


def check_tenant_id(value: object) -> str:
    """The id as a plain string, or `UnknownTenant` where it could mean something else in an ARN or a policy."""
    if isinstance(value, str):
        # Its characters alone: a subclass, such as an enum's member, may compare, hash or print as something else.
        value = str.__str__(value)
    if isinstance(value, str) and len(value) <= MAX_LENGTH and "--" not in value and _PATTERN.match(value):
        return value
    raise UnknownTenant(
        f"not a tenant id: got {str(value)[:60]!r}; allowed are lower-case letters, digits and single hyphens "
        f"inside, at most {MAX_LENGTH} characters"
    )
