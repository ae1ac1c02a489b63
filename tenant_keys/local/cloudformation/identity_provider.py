"""AWS::IAM::OIDCProvider: Ref and Arn are its ARN."""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

from datetime import UTC, datetime

from tenant_keys.local.cloudformation.handler import Made, Properties, already_exists
from tenant_keys.local.cloudformation.iam_types import IamCalls
from tenant_keys.local.emulator import iam_records, scopes


class OidcProvider:
    """An identity provider of the account; its tokens are checked against the key set that the local AWS was given."""

    def __init__(self, calls: IamCalls) -> None:
        self._calls = calls

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        account, _ = scopes.current_scope()
        arn = f"arn:aws:iam::{account}:oidc-provider/{str(properties['Url']).removeprefix('https://')}"
        self._calls.require([("iam:CreateOpenIDConnectProvider", arn, {})])
        if iam_records.oidc_provider(account, arn) is not None:
            raise already_exists("AWS::IAM::OIDCProvider", arn)
        self._write(arn, properties)
        return arn, {"Arn": arn}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        if old["Url"] != new["Url"]:
            return self.create(logical_id, new, stack)
        self._calls.require([("iam:AddClientIDToOpenIDConnectProvider", physical_id, {})])
        self._write(physical_id, new)
        return physical_id, {"Arn": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        self._calls.require([("iam:DeleteOpenIDConnectProvider", physical_id, {})])
        iam_records.put_oidc_provider(physical_id, None)

    @staticmethod
    def _write(arn: str, properties: Properties) -> None:
        iam_records.put_oidc_provider(
            arn,
            {
                "Url": str(properties["Url"]).removeprefix("https://"),
                "ClientIDList": list(properties.get("ClientIdList") or ()),
                "ThumbprintList": list(properties.get("ThumbprintList") or ()),
                "Arn": arn,
                "CreateDate": datetime.now(UTC).isoformat(),
                "Tags": list(properties.get("Tags") or ()),
            },
        )
