"""The policy of the role that verify reads with: every call that it makes, and no other.

In the key account the role must be one of `central.readers` too, since the key policies deny reading to everyone else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenant_keys.manifest import Estate
from tenant_keys.operations.verify.apis import APIS
from tenant_keys.policy import names


def reader_policy(estate: Estate, account: str, *, last_usage: bool = False) -> dict[str, Any]:
    """The document for an account of the estate; with `last_usage`, of the command's option of that name."""
    central = estate.central.account
    actions = _needed(estate, account, last_usage=last_usage)
    statements = [_statement("ReadAccount", [one for one in actions if not APIS[one].of_keys], "*")]
    if account == central:
        keys: list[str] = names.keys_of_account(estate.central.regions, central)
        statements.append(_statement("ReadKeys", [one for one in actions if APIS[one].of_keys], keys))
    return {"Version": "2012-10-17", "Statement": statements}


def _needed(estate: Estate, account: str, *, last_usage: bool) -> list[str]:
    workloads = [one for one in estate.workloads.values() if one.account == account]
    office = {"central"} if account == estate.central.account else set()
    office |= {"workload"} if workloads else set()
    office |= {"management"} if account == estate.management_account else set()
    federated = any(one.identity_provider for one in estate.workloads.values())
    wanted: Mapping[str, bool] = {
        "cloudformation:BatchDescribeTypeConfigurations": estate.central.deletion_hook,
        "kms:GetKeyLastUsage": last_usage,
        "kms:ListKeyRotations": any(one.origin == "imported" for one in estate.tenants.values()),
        "iam:GetOpenIDConnectProvider": (account == estate.central.account and federated)
        or any(one.irsa for one in workloads),
    }
    services = {
        "eks": any(one.pod_identity for one in workloads),
        "rolesanywhere": any(one.roles_anywhere for one in workloads),
    }
    return [
        name
        for name, api in sorted(APIS.items())
        if office & set(api.accounts) and wanted.get(name, True) and services.get(name.partition(":")[0], True)
    ]


def _statement(sid: str, actions: list[str], resources: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
