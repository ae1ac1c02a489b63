"""A drift: a change of the account that no template made, and what verify must find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.operations.verify.deployed import CENTRAL, Deployed

Found = set[tuple[str, str]]
"""Kind and the end of the resource's name."""
Undo = Callable[[], object]
ANY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
OPEN = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"}, "Action": "kms:*", "Resource": "*"}
    ],
}


@dataclass(frozen=True)
class Drift:
    """One drift: makes it, and answers what must be found and how it is undone."""

    name: str
    make: Callable[[Deployed], tuple[Found, Undo]]


def alias(tenant: str) -> str:
    return f"alias/tenant-{tenant}"
