"""The Regions of AWS by partition: a Region that is in no list here does not exist, or is newer than this version.

Read from botocore 1.43.106 (`data/partitions.json`) in November 2026; a test compares the two, so that a newer botocore
brings its new Regions here. The partitions of the European Sovereign Cloud and of the isolated Regions are left out:
their service principals and endpoints are not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PARTITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "aws": (
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
}
"""Accounts, roles and policies are of one partition: no principal of another can be named in it (IAM guide,
reference_policies_elements_principal; AWS General Reference, aws-arns-and-namespaces)."""

_PARTITION: Final = {region: partition for partition, regions in PARTITIONS.items() for region in regions}


def is_region(region: str) -> bool:
    """Whether the name is that of a Region in which an estate can be."""
    return region in _PARTITION


def partition_of(region: str) -> str:
    """The partition of a Region, the second part of every ARN in it; `aws` for a Region that is in no list."""
    return _PARTITION.get(region, "aws")


def regions() -> tuple[str, ...]:
    """The names of all Regions, sorted."""
    return tuple(sorted(_PARTITION))
