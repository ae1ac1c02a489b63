"""The policy sent with every AssumeRole: this session can name one alias and one tenant, whatever the role may do."""

from __future__ import annotations

import json

from tenant_keys.client.settings import Names
from tenant_keys.client.tenant_id import CONTEXT_KEY

ACTIONS = {"encrypt": "kms:GenerateDataKey", "decrypt": "kms:Decrypt"}
"""Operation of the manifest -> the one KMS action that this client calls for it."""

MAX_LENGTH = 2048
"""Characters of a session policy (STS API reference, AssumeRole, Policy)."""


def session_policy(names: Names, tenant_id: str, operations: frozenset[str]) -> str:
    """JSON. A safety net against our own mistakes, not a control: the workload writes it itself.

    DescribeKey carries no encryption context (KMS API reference), so its statement has the alias alone.
    """
    context = {f"kms:EncryptionContext:{CONTEXT_KEY}": tenant_id}
    if names.held:  # a key of the tenant's own account, which requests name by its ARN
        keys, by_alias, described = names.alias_arn, context, None
    else:
        # The account is pinned here, since kms:RequestAlias says nothing about it (KMS guide, conditions).
        keys = f"arn:{names.partition}:kms:{names.region}:{names.account}:key/*"
        described = {"kms:RequestAlias": names.alias_name}
        by_alias = {**described, **context}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "UseOwnTenantKey",
                    "Effect": "Allow",
                    "Action": sorted(ACTIONS[operation] for operation in operations if operation in ACTIONS),
                    "Resource": keys,
                    "Condition": {"StringEquals": by_alias},
                },
                {
                    "Sid": "DescribeOwnTenantKey",
                    "Effect": "Allow",
                    "Action": "kms:DescribeKey",
                    "Resource": keys,
                    **({"Condition": {"StringEquals": described}} if described else {}),
                },
            ],
        },
        separators=(",", ":"),
    )
