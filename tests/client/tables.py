"""Tables and buckets on the local AWS, each of its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tools.benchmarks.client_estate import ORDERS, REGION, ClientEstate

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table
    from types_boto3_s3 import S3Client


def create_table(
    client_estate: ClientEstate, name: str | None = None, *, region: str = REGION, key: tuple[str, ...] = ("pk",)
) -> Table:
    parts: Any = zip(key, ("HASH", "RANGE"), strict=False)
    return (
        client_estate.aws.session(ORDERS, region=region)
        .resource("dynamodb")
        .create_table(
            TableName=name or f"orders-{uuid4().hex[:8]}",
            KeySchema=[{"AttributeName": part, "KeyType": kind} for part, kind in parts],
            AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in key],
            BillingMode="PAY_PER_REQUEST",
        )
    )


def create_bucket(client: S3Client, name: str | None = None) -> str:
    name = name or f"data-{uuid4().hex[:12]}"
    configuration: Any = {"LocationConstraint": REGION}
    client.create_bucket(Bucket=name, CreateBucketConfiguration=configuration)
    return name
