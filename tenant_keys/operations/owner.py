"""Whose key it is that an alias, or a file, leads to: before anything is done to it."""

from __future__ import annotations

from typing import Any, Final

from tenant_keys.operations.errors import KeyMismatch

TAG: Final = "tenant-keys:tenant"
"""On every key of the app; the key policy lets deployment roles alone change it."""


def check_owner(arn: str, tenant: str, kms: Any) -> None:
    """Compare the key's tag with the tenant: an alias may have been re-pointed, a file may name another key.

    Raises:
        KeyMismatch: the key has another tenant's tag, or none; nothing may be done to it.
        botocore.exceptions.ClientError: AWS refused to say.
    """
    tags = kms.list_resource_tags(KeyId=arn, Limit=50)["Tags"]
    found = next((tag["TagValue"] for tag in tags if tag["TagKey"] == TAG), None)
    if found != tenant:
        raise KeyMismatch(
            f"{arn}: its tag {TAG} is {found or 'missing'}, and this is about {tenant}; nothing was done: was the "
            "alias re-pointed, or does the evidence file name another tenant's key?"
        )
