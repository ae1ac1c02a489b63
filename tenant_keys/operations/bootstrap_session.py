"""Sessions of the roles that `cdk bootstrap` makes, as the CDK CLI opens them."""

from __future__ import annotations

import boto3
from botocore.exceptions import ClientError

from tenant_keys.review.assembly import Environment


def bootstrap_session(place: Environment, qualifier: str | None, office: str) -> boto3.Session:
    """A session of the bootstrap's role for the office (`lookup`, `deploy`), or the caller's own where it may not.

    Raises:
        botocore.exceptions.ClientError: STS answers neither with credentials nor with AccessDenied.
    """
    own = boto3.Session(region_name=place.region)
    if qualifier is None:
        return own
    sts = own.client("sts", region_name=place.region)
    try:
        role = place.bootstrap_role(qualifier, office)
        given = sts.assume_role(RoleArn=role, RoleSessionName=f"tenant-keys-{office}")["Credentials"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return own
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=place.region,
    )
