"""Works through data that exists already: encrypts it, binds it to a new place, gives it new data keys, counts it.

    reencrypt(DynamoItems(table, key=("pk",), attributes=("card",), tenant_of=tenant_of), checkpoint=Path("job.json"))

Doing it twice changes nothing: what is done is recognized and left alone, so a job that was killed is simply started
again.
"""

from tenant_keys.client.reencrypt.checkpoint import Checkpoint, FileCheckpoint
from tenant_keys.client.reencrypt.dynamodb import DynamoItems
from tenant_keys.client.reencrypt.job import check_seen, reencrypt
from tenant_keys.client.reencrypt.progress import Progress, together
from tenant_keys.client.reencrypt.s3 import S3Objects
from tenant_keys.client.reencrypt.s3_checkpoint import S3Checkpoint
from tenant_keys.client.reencrypt.work import Outcome, Work

__all__ = [
    "Checkpoint",
    "DynamoItems",
    "FileCheckpoint",
    "Outcome",
    "Progress",
    "S3Checkpoint",
    "S3Objects",
    "Work",
    "check_seen",
    "reencrypt",
    "together",
]
