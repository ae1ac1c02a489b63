"""The partition of a Region and its DNS suffix, as AWS::Partition and AWS::URLSuffix return them."""

from __future__ import annotations

from typing import NamedTuple


class Partition(NamedTuple):
    """One partition of AWS."""

    name: str
    url_suffix: str


# By prefix of the Region's name; the longest first. Checked against botocore's partitions.json in the tests.
_BY_PREFIX = (
    ("us-isob-", Partition("aws-iso-b", "sc2s.sgov.gov")),
    ("us-isof-", Partition("aws-iso-f", "csp.hci.ic.gov")),
    ("eu-isoe-", Partition("aws-iso-e", "cloud.adc-e.uk")),
    ("us-iso-", Partition("aws-iso", "c2s.ic.gov")),
    ("us-gov-", Partition("aws-us-gov", "amazonaws.com")),
    ("eusc-", Partition("aws-eusc", "amazonaws.eu")),
    ("cn-", Partition("aws-cn", "amazonaws.com.cn")),
)
_COMMERCIAL = Partition("aws", "amazonaws.com")


def partition_of(region: str) -> Partition:
    """Return the partition that a Region belongs to."""
    for prefix, partition in _BY_PREFIX:
        if region.startswith(prefix):
            return partition
    return _COMMERCIAL
