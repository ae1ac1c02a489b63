"""A server outside AWS: IAM Roles Anywhere exchanges its certificate for a session of the workload's role.

~/.aws/config, with AWS's signing helper as the credential process (the profile and role are outputs of the stack):

    [profile tenant-keys-orders]
    region = eu-west-1
    credential_process = aws_signing_helper credential-process --certificate /etc/pki/orders.pem
        --private-key /etc/pki/orders.key --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN   (one line)
"""

import sys

import boto3

from tenant_keys.client import TenantKeys


def main(tenant_id: str, name: str) -> None:
    """Encrypt standard input of any size to standard output."""
    keys = TenantKeys.from_environment(session=boto3.Session(profile_name="tenant-keys-orders"))
    for chunk in keys.tenant_without_token(tenant_id).encrypting(sys.stdin.buffer, name=name):
        sys.stdout.buffer.write(chunk)


if __name__ == "__main__":
    main(*sys.argv[1:])
