"""A batch job for one tenant. No request started the job, so the job's definition names the tenant.

Environment: TENANT_KEYS_WORKLOAD, TENANT_ID, BUCKET, PREFIX. The workload's access mode must not be web-identity.
"""

import io
import os
import sys

import boto3

from tenant_keys.client import Counters, TenantKeys, s3


def main() -> dict[str, int]:
    """Return the total size of a tenant's objects, and the number of KMS requests and cache hits."""
    counters = Counters()
    with TenantKeys.from_environment(on_event=counters) as keys:
        tenant = keys.tenant_without_token(os.environ["TENANT_ID"])
        client, bucket, size = boto3.client("s3"), os.environ["BUCKET"], 0
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=os.environ["PREFIX"])
        for entry in (entry for page in pages for entry in page.get("Contents", [])):
            size += s3.download(tenant, client, bucket=bucket, key=entry["Key"], to=io.BytesIO())
    return {"bytes": size, "kms": counters.total("kms"), "hits": counters.total("cache_hit")}


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
