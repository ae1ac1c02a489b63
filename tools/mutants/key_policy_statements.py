"""What mutants of key policies have in common: the principals of the estate, and a statement by its Sid."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.original import CENTRAL

ROOT = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
BERT = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-bert.orders"
ALMA_TWO = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-alma-two.orders"
ARN = "aws:PrincipalArn"
DECRYPT = "kms:Decrypt"
MEMBERS = "arn:aws:iam::111111111111:role/tenant-keys/*"
IMPORTERS = ("tenant-keys/import.ida", "hugo-key-import")
OTHER, OUTSIDER, ADMINISTRATION = Kind.OTHER_TENANT, Kind.OUTSIDER, Kind.ADMINISTRATION


def statement(sid: str, tenant: str = "alma"):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return lambda templates: templates.statement(tenant, sid)
