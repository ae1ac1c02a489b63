"""Grants. Source: AWS KMS guide, grants: an Allow beside the key policy, which a Deny still overrules."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from tenant_keys.local.authorizer import Value
from tenant_keys.local.fault import Fault, invalid
from tenant_keys.local.kms.call import Call
from tenant_keys.local.kms.key import Grant, Key
from tenant_keys.local.kms.pages import page

OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "CreateGrant",
    "RetireGrant",
    "DescribeKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
)


_TO_SERVICES = ("GranteeServicePrincipal", "RetiringServicePrincipal")


def create_grant(call: Call) -> dict[str, Any]:
    """A grant to a principal; grants to AWS services (AWS KMS API, CreateGrant, 2026) are refused by name."""
    constraints = call.parameters.get("Constraints") or {}
    unknown = [name for name in _TO_SERVICES if call.parameters.get(name)]
    unknown += [f"Constraints.{name}" for name in constraints if not name.startswith("EncryptionContext")]
    if unknown:
        message = f"The local AWS does not support {', '.join(unknown)} of CreateGrant."
        raise Fault("UnsupportedOperationException", message)
    grantee = call.text("GranteePrincipal")
    retiring = call.parameters.get("RetiringPrincipal")
    operations = tuple(str(operation) for operation in call.parameters.get("Operations") or ())
    context: dict[str, Value] = {
        "kms:GranteePrincipal": grantee,
        "kms:GrantOperations": operations,
        "kms:GrantIsForAWSResource": "false",
    }
    if retiring:
        context["kms:RetiringPrincipal"] = retiring
    if constraints:
        context["kms:GrantConstraintType"] = next(iter(constraints))
    key = call.managed_key(context, across_accounts=True)
    if not operations or any(operation not in OPERATIONS for operation in operations):
        raise invalid(f"Operations must be some of {', '.join(OPERATIONS)}.")
    key.require_enabled()
    _dry_run(call)
    grant = Grant(
        id=secrets.token_hex(32),
        token=base64.urlsafe_b64encode(secrets.token_bytes(48)).decode(),
        grantee=grantee,
        retiring=retiring,
        operations=operations,
        context_equals=dict(constraints.get("EncryptionContextEquals") or {}),
        context_subset=dict(constraints.get("EncryptionContextSubset") or {}),
        name=call.parameters.get("Name"),
        issuer=f"arn:aws:iam::{call.account}:root",
        created=call.now,
    )
    key.grants.append(grant)
    return {"GrantToken": grant.token, "GrantId": grant.id}


def list_grants(call: Call) -> dict[str, Any]:
    key = call.managed_key({"kms:GrantIsForAWSResource": "false"}, across_accounts=True)
    return page(call, "Grants", [_answer(key, grant) for grant in key.grants], default=50, largest=100)


def list_retirable_grants(call: Call) -> dict[str, Any]:
    call.authorize_account("kms:ListRetirableGrants")
    principal = call.text("RetiringPrincipal")
    found = [
        _answer(key, grant)
        for key in call.store.keys(call.account, call.region)
        for grant in key.grants
        if grant.retiring == principal
    ]
    return page(call, "Grants", found, default=50, largest=100)


def revoke_grant(call: Call) -> dict[str, Any]:
    key = call.managed_key({"kms:GrantIsForAWSResource": "false"}, across_accounts=True)
    grant = _by_id(key, call.text("GrantId"))
    _dry_run(call)
    key.grants.remove(grant)
    return {}


def retire_grant(call: Call) -> dict[str, Any]:
    """By the retiring principal, by the grantee if the grant says so, or by the account that made it."""
    if call.parameters.get("GrantToken"):
        key, grant = _by_token(call, call.text("GrantToken"))
    else:
        _, key = call.named()
        grant = _by_id(key, call.text("GrantId"))
    me = (call.caller.arn, call.caller.role_arn)
    by_grantee = "RetireGrant" in grant.operations and grant.grantee in me
    by_owner = call.caller.account == key.account and call.caller.arn.endswith(":root")
    if not (grant.retiring in me or by_grantee or by_owner):
        call.authorize(key, None)
    _dry_run(call)
    key.grants.remove(grant)
    return {}


def _answer(key: Key, grant: Grant) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "KeyId": key.arn,
        "GrantId": grant.id,
        "Name": grant.name or "",
        "CreationDate": grant.created.timestamp(),
        "GranteePrincipal": grant.grantee,
        "IssuingAccount": grant.issuer,
        "Operations": list(grant.operations),
    }
    if grant.retiring:
        answer["RetiringPrincipal"] = grant.retiring
    constraints = {
        name: value
        for name, value in (
            ("EncryptionContextEquals", grant.context_equals),
            ("EncryptionContextSubset", grant.context_subset),
        )
        if value
    }
    return answer | ({"Constraints": constraints} if constraints else {})


def _by_id(key: Key, grant_id: str) -> Grant:
    for grant in key.grants:
        if grant.id == grant_id:
            return grant
    raise Fault("NotFoundException", f"Grant ID {grant_id} not found")


def _by_token(call: Call, token: str) -> tuple[Key, Grant]:
    for key in call.store.all_keys():
        for grant in key.grants:
            if secrets.compare_digest(grant.token.encode(), token.encode()):
                return key, grant
    raise Fault("InvalidGrantTokenException", "Invalid grant token.")


def _dry_run(call: Call) -> None:
    if call.parameters.get("DryRun") is True:
        raise Fault("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
