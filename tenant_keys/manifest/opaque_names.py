"""Opaque names: what a tenant is called in AWS where its id in the manifest says who the customer is.

Aliases, names of roles, session tags and the encryption context are in CloudTrail in plain text (AWS KMS guide,
encrypt_context and alias-about; IAM guide, cloudtrail-integration). So all of them carry the same drawn name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tenant_keys.manifest.errors import Path
from tenant_keys.manifest.ids_in_text import IdsInText, words_of
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


def check_disclosures(manifest: Manifest, report: Report) -> None:
    """No tag, import role or custodian may contain the id of an opaque tenant: AWS holds and logs all of them."""
    opaque = {name for name, tenant in manifest.tenants.items() if tenant.opaque}
    if not opaque:
        return
    ids = IdsInText(opaque, manifest.tenants)
    for path, text in _texts_for_aws(manifest):
        for word in words_of(text):
            if found := ids.first(word):
                message = f"got {text}, which contains the id of the opaque tenant {found}; AWS would show the id"
                report(path, f"{message}; write it without the id")
                break


def _texts_for_aws(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    tags: list[tuple[Path, Mapping[str, str]]] = [
        (("tags",), manifest.tags),
        (("defaults", "tags"), manifest.defaults.tags),
    ]
    tags += [(("tenants", name, "tags"), tenant.tags) for name, tenant in manifest.tenants.items()]
    for path, pairs in tags:
        for key, value in pairs.items():
            yield (*path, key), key
            yield (*path, key), value
    for name, tenant in manifest.tenants.items():
        path = ("tenants", name, "key")
        if tenant.key.import_role:
            yield (*path, "import_role"), tenant.key.import_role
        if tenant.key.custodian:
            yield (*path, "custodian", "role"), tenant.key.custodian.role
            yield (*path, "custodian", "external_id"), tenant.key.custodian.external_id
