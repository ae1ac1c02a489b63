"""AWS RAM, as far as it shares keys: each gets a second key policy, AWS_RAM, that PutKeyPolicy cannot change.

Source: AWS KMS API, GetKeyPolicy and PutKeyPolicy, PolicyName; AWS RAM API, CreateResourceShare. How AWS words that
policy is in no document that we have, and neither is how it meets a Deny of the key's own: it is stored and answered
here, and decides nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from tenant_keys.local.authorizer import Authorizer
from tenant_keys.local.caller import Caller
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.fault import Fault
from tenant_keys.local.kms.key import Key
from tenant_keys.local.kms.service import Kms
from tenant_keys.local.rest_service import Body, authorize


class ResourceShares:
    """Shares of keys by ARN."""

    def __init__(self, kms: Kms, authorizer: Authorizer, decisions: Decisions) -> None:
        self._kms = kms
        self._authorizer = authorizer
        self._decisions = decisions
        self._shares: dict[str, list[Key]] = {}

    def answer(
        self, caller: Caller, region: str, method: str, path: str, query: Mapping[str, str], body: Body
    ) -> dict[str, Any]:
        """The answer to CreateResourceShare or DeleteResourceShare."""
        if (method, path) == ("POST", "/createresourceshare"):
            authorize(self._authorizer, self._decisions, caller, region, "ram:CreateResourceShare")
            return self._create(caller.account, region, body)
        if (method, path) == ("DELETE", "/deleteresourceshare"):
            arn = query.get("resourceShareArn", "")
            authorize(self._authorizer, self._decisions, caller, region, "ram:DeleteResourceShare", arn)
            if arn not in self._shares:
                raise Fault("UnknownResourceException", f"ResourceShare {arn} could not be found.")
            for key in self._shares.pop(arn):
                key.shared = None
            return {"returnValue": True}
        raise Fault("UnknownOperationException", f"the local AWS does not offer {method} {path[:60]}", 404)

    def _create(self, account: str, region: str, body: Body) -> dict[str, Any]:
        keys = [self._key(account, region, str(arn)) for arn in body.get("resourceArns") or ()]
        principals = [f"arn:aws:iam::{one}:root" for one in body.get("principals") or ()]
        statement = {
            "Sid": "SharedByRAM",
            "Effect": "Allow",
            "Principal": {"AWS": principals},
            "Action": ["kms:DescribeKey", "kms:Encrypt", "kms:Decrypt"],
            "Resource": "*",
        }
        for key in keys:
            key.shared = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = f"arn:aws:ram:{region}:{account}:resource-share/{uuid.uuid4()}"
        self._shares[arn] = keys
        return {"resourceShare": {"resourceShareArn": arn, "name": body.get("name"), "status": "ACTIVE"}}

    def _key(self, account: str, region: str, arn: str) -> Key:
        key = self._kms.store.find(region, arn.rpartition("/")[2])
        if key is None or key.account != account or key.arn != arn:
            raise Fault("MalformedArnException", f"The specified resource ARN {arn[:120]} is not valid.")
        return key
