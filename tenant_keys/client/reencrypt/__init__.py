"""Moves data that exists already under its tenants' keys: scan, convert, resume after a kill, dry run, progress.

    reencrypt(DynamoItems(table, key=("pk",), attributes=("card",), tenant_of=tenant_of), checkpoint=Path("job.json"))

Converting twice changes nothing: what opens already under its own name is left alone, so a job that was killed is
simply started again.
"""

from tenant_keys.client.reencrypt.dynamodb import DynamoItems
from tenant_keys.client.reencrypt.job import Outcome, Progress, reencrypt
from tenant_keys.client.reencrypt.s3 import S3Objects

__all__ = ["DynamoItems", "Outcome", "Progress", "S3Objects", "reencrypt"]
