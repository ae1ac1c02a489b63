"""A Lambda function behind an HTTP API with a JWT authorizer: one customer's card, in DynamoDB.

Environment: TENANT_KEYS_WORKLOAD, TENANT_KEYS_ISSUER, TENANT_KEYS_AUDIENCE, TABLE.
"""

import json
import os
from functools import cache
from typing import Any

import boto3

from tenant_keys.client import MessageRefused, TenantKeys, TenantSuspended, TokenError
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item


@cache
def keys() -> TenantKeys:
    """One object for the life of the execution environment: its caches save KMS requests."""
    return TenantKeys.from_environment()


@cache
def table() -> Any:
    return boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The authorizer has accepted the request; the handler reads the tenant from the token itself."""
    try:
        tenant = keys().tenant(event["headers"]["authorization"].removeprefix("Bearer "))
        where: dict[str, Any] = {"table": table().name, "key": ("pk",), "attributes": ("card",)}
        pk = f"{tenant.id}#{event['pathParameters']['customer']}"
        if event["requestContext"]["http"]["method"] == "PUT":
            item = {"pk": pk, "card": json.loads(event["body"])["card"]}
            table().put_item(Item=encrypt_item(tenant, item, **where))
            return {"statusCode": 204}
        found = table().get_item(Key={"pk": pk}).get("Item")
        if not found:
            return {"statusCode": 404}
        return {"statusCode": 200, "body": json.dumps({"card": decrypt_item(tenant, found, **where)["card"]})}
    except TokenError:
        return {"statusCode": 401}
    except TenantSuspended:
        return {"statusCode": 403, "body": '{"error": "the account is suspended"}'}
    except MessageRefused:  # a row was copied, swapped or damaged: return none of it
        return {"statusCode": 500}
