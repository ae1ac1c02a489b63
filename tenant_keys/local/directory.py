"""The policies of users and roles as deployed: IAM as the evaluator reads it."""

from __future__ import annotations

from tenant_keys.local.authorizer import Document
from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.emulator import iam_records
from tenant_keys.local.emulator.iam_records import Identity
from tenant_keys.local.organization import Organization


class DeployedPolicies:
    """Reads ministack's IAM at every decision, so that a change takes effect at once."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def identity_policies(self, caller: Caller) -> list[Document]:
        found = _identity(caller)
        if found is None:
            return []
        name = found.arn.rpartition("/")[2]
        documents = [Document(f"{name}/{policy}", text) for policy, text in found.inline.items()]
        attached = [(arn, iam_records.managed_policy(arn, caller.account)) for arn in found.attached]
        return documents + [Document(arn.partition(":policy/")[2], text) for arn, text in attached if text is not None]

    def boundary(self, caller: Caller) -> Document | None:
        found = _identity(caller)
        if found is None or found.boundary is None:
            return None
        text = iam_records.managed_policy(found.boundary, caller.account)
        # A boundary that is gone allows nothing (IAM guide, access_policies_boundaries).
        nothing = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
        return Document(found.boundary.partition(":policy/")[2], text or nothing)

    def service_control_policies(self, account: str) -> list[list[Document]]:
        return self._organization.policies(account, "SERVICE_CONTROL_POLICY")

    def resource_control_policies(self, account: str) -> list[list[Document]]:
        return self._organization.policies(account, "RESOURCE_CONTROL_POLICY")

    def exists(self, principal_arn: str) -> bool:
        account, resource = principal_arn.split(":")[4], principal_arn.split(":", 5)[5]
        kind, _, path = resource.partition("/")
        name = path.rpartition("/")[2]
        found = {"role": iam_records.role, "user": iam_records.user}.get(kind)
        identity = found(account, name) if found else None
        return identity is not None and identity.arn == principal_arn


def _identity(caller: Caller) -> Identity | None:
    if caller.kind is CallerKind.ROLE:
        return iam_records.role(caller.account, caller.name)
    if caller.kind is CallerKind.USER:
        return iam_records.user(caller.account, caller.name)
    return None
