"""What ministack's IAM, STS and EKS hold: users, roles, policies, identity providers, sessions, pod associations."""
# ruff: noqa: SLF001  # ministack has no other way in

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tenant_keys.local.emulator.scopes import scope


@dataclass(frozen=True, slots=True)
class Identity:
    """A user or role as ministack's IAM holds it."""

    arn: str
    unique_id: str
    trust: str | None
    tags: dict[str, str]
    inline: dict[str, str]
    attached: tuple[str, ...]
    boundary: str | None
    longest_session: int


def role(account: str, name: str) -> Identity | None:
    from ministack.services import iam  # type: ignore[import-untyped]

    found = iam._roles.get_scoped(account, None, name)
    if found is None:
        return None
    return _identity(found, found["RoleId"], dict(found.get("InlinePolicies") or {}))


def user(account: str, name: str) -> Identity | None:
    from ministack.services import iam

    found = iam._users.get_scoped(account, None, name)
    if found is None:
        return None
    with scope(account, "us-east-1"):
        inline = dict(iam._user_inline_policies.get(name) or {})
        groups = [(group, record) for group, record in iam._groups.items() if name in record.get("Users", [])]
        attached: list[str] = []
        for group, record in groups:
            inline |= {f"{group}/{key}": text for key, text in (iam._group_inline_policies.get(group) or {}).items()}
            attached += record.get("AttachedPolicies", [])
    return _identity(found, found["UserId"], inline, attached)


def access_key(key_id: str) -> tuple[str, str, str] | None:
    """Account, user name and secret of a user's active access key."""
    from ministack.services import iam

    for (account, stored), record in iam._access_keys.to_dict().items():
        if stored == key_id and record.get("Status") == "Active":
            return account, str(record["UserName"]), str(record["SecretAccessKey"])
    return None


def managed_policy(arn: str, account: str) -> str | None:
    """The default version of a managed policy, AWS's own or the account's."""
    from ministack.core.iam_evaluator import _resolve_managed_policy_document  # type: ignore[import-untyped]

    return _text(_resolve_managed_policy_document(arn, account))


def oidc_provider(account: str, arn: str) -> Mapping[str, Any] | None:
    from ministack.services import iam

    found: Mapping[str, Any] | None = iam._oidc_providers.get_scoped(account, None, arn)
    return found


def register_session(key_id: str, record: Mapping[str, Any]) -> None:
    """Tell ministack of a session of ours, so that S3, DynamoDB and the others know its caller."""
    from ministack.services import sts

    sts.register_session(key_id, dict(record))


def iam_roles() -> Mapping[str, Any]:
    """The roles of the account in scope, by name."""
    from ministack.services import iam

    found: Mapping[str, Any] = iam._roles
    return found


def set_boundary(role_name: str, policy_arn: str | None) -> None:
    """ministack's CloudFormation leaves out a role's permissions boundary."""
    from ministack.services import iam

    if policy_arn:
        iam._roles[role_name]["PermissionsBoundary"] = policy_arn
    else:
        iam._roles[role_name].pop("PermissionsBoundary", None)


def put_oidc_provider(arn: str, record: Mapping[str, Any] | None) -> None:
    """Write or, with None, remove an identity provider of the account in scope."""
    from ministack.services import iam

    if record is None:
        iam._oidc_providers.pop(arn, None)
    else:
        iam._oidc_providers[arn] = dict(record)


def put_pod_association(cluster: str, identifier: str, record: Mapping[str, Any] | None) -> None:
    """Write or, with None, remove an association of EKS Pod Identity in the account and Region in scope."""
    from ministack.services import eks

    key = eks._pia_key(cluster, identifier)
    if record is None:
        eks._pod_identity_associations.pop(key, None)
        return
    eks._clusters.setdefault(cluster, {"name": cluster, "status": "ACTIVE"})
    eks._pod_identity_associations[key] = dict(record)


def trust_policies() -> Iterator[dict[str, Any]]:
    """Every role of every account, as ministack's own record."""
    from ministack.services import iam

    yield from iam._roles.to_dict().values()


def _identity(
    record: Mapping[str, Any], unique_id: str, inline: Mapping[str, Any], more_attached: list[str] | None = None
) -> Identity:
    boundary = record.get("PermissionsBoundary")
    if isinstance(boundary, Mapping):
        boundary = boundary.get("PermissionsBoundaryArn")
    return Identity(
        arn=str(record["Arn"]),
        unique_id=unique_id,
        trust=_text(record.get("AssumeRolePolicyDocument")),
        tags={str(tag["Key"]): str(tag["Value"]) for tag in record.get("Tags") or ()},
        inline={name: text for name, document in inline.items() if (text := _text(document)) is not None},
        attached=(*(record.get("AttachedPolicies") or ()), *(more_attached or ())),
        boundary=boundary or None,
        longest_session=int(record.get("MaxSessionDuration") or 3600),
    )


def _text(document: Any) -> str | None:
    if document is None or document == "":
        return None
    return document if isinstance(document, str) else json.dumps(document)
