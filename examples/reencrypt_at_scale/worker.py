"""The re-encryption of a table of more than 10^8 items: a Lambda function for the steps of the state machine beside it.

A share of the work is a segment of the table's scan, with a checkpoint in S3. The function works on it until its time
runs out and is called again; one that died is called again too, and goes on where it was. Edit `target` for your table,
or return an `S3Objects` with a prefix a segment.

Environment: TENANT_KEYS_WORKLOAD, TABLE, CHECKPOINTS (a bucket), WORK (encrypt, rebind, rewrap or census), and for
rewrap optionally MATERIALS, ids separated by commas. The function runs as the workload's role.
"""

import os
from functools import cache
from typing import Any

import boto3

from tenant_keys.client import ConfigurationError, TenantKeys
from tenant_keys.client.reencrypt import (
    DynamoItems,
    Progress,
    S3Checkpoint,
    Work,
    check_seen,
    reencrypt,
    together,
)

SPARE = 120_000
"""Milliseconds that the slowest page may take, and the end of the function after it."""


@cache
def keys() -> TenantKeys:
    return TenantKeys.from_environment()


def target(segment: int, of: int) -> DynamoItems:
    return DynamoItems(
        boto3.resource("dynamodb").Table(os.environ["TABLE"]),
        key=("pk",),
        attributes=("card",),
        tenant_of=lambda item: keys().tenant_without_token(str(item["tenant"])),
        segment=(segment, of),
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event`: `step`, `run`, `of` (how many segments), and for the work `segment` and the `execution`'s name."""
    if event["step"] == "plan":
        return {"segments": list(range(event["of"]))}
    if event["step"] == "work":
        return {"done": work(event, context).done}
    if event["step"] == "sum":
        return total(event["run"], event["of"])
    raise ConfigurationError(f"step: got {event['step']!r}; expected plan, work or sum")


def work(event: dict[str, Any], context: Any) -> Progress:
    return reencrypt(
        target(event["segment"], event["of"]),
        checkpoint=checkpoint(event["run"], event["segment"], owner=f"{event['execution']}/{event['segment']}"),
        work=Work(os.environ["WORK"]),
        materials=[one for one in os.environ.get("MATERIALS", "").split(",") if one],
        enough=lambda: context.get_remaining_time_in_millis() < SPARE,
    )


def total(run: str, of: int) -> dict[str, Any]:
    """The sum over all segments. Raises if one is not done, or if an attribute is in no item at all."""
    parts = []
    for segment in range(of):
        mine = checkpoint(run, segment)
        text = mine.read()
        if text is None:
            raise ConfigurationError(f"{mine.place}: no such checkpoint; the segment was not worked on")
        parts.append(Progress.from_json(text, origin=mine.place))
    whole = together(parts)
    if not whole.done:
        raise ConfigurationError(f"run {run}: not all segments are done")
    check_seen(whole, target(0, of).must_be_seen())
    shown = {"counts": whole.counts, "materials": whole.materials, "failures": whole.failures[:50]}
    return {"exit_code": whole.exit_code, **shown}


def checkpoint(run: str, segment: int, owner: str = "") -> S3Checkpoint:
    """The retry of a function that died has the same owner, so it need not wait for the lease's end."""
    key = f"{run}/{segment}.json"
    return S3Checkpoint(boto3.client("s3"), bucket=os.environ["CHECKPOINTS"], key=key, owner=owner)
