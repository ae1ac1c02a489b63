"""Opaque names: what a tenant is called in AWS where its id in the manifest says who the customer is.

Aliases, names of roles, session tags and the encryption context are in CloudTrail in plain text (AWS KMS guide,
encrypt_context and alias-about; IAM guide, cloudtrail-integration). So all of them carry the same drawn name.
"""

from __future__ import annotations

import re
from typing import Final

from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.rules import Report

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_DRAWN: Final = 26
"""Letters of 5 bits: 130 bits at random, so no two draws are equal."""
OPAQUE_NAME: Final = re.compile(rf"x-[a-z2-7]{{{_DRAWN}}}")
"""An id by its form, so that everything that takes an id takes it; no id of the manifest may have this form."""


def draw_name() -> str:
    """A name that says nothing about the tenant: `x-` and 26 letters or digits at random."""
    import secrets  # and OpenSSL with it, which reading a manifest does not need

    return "x-" + "".join(secrets.choice(_LETTERS) for _ in range(_DRAWN))


def check_ids(manifest: Manifest, report: Report) -> None:
    """An id of the manifest is never a name that may be drawn for another tenant."""
    for name in manifest.tenants:
        if name.startswith("x-") and OPAQUE_NAME.fullmatch(name):
            message = (
                "x- and 26 letters are reserved for names that tenant-keys lock generates for a tenant "
                "with `opaque: true`"
            )
            report(("tenants", name), f"got {name}; {message}; choose another id")
