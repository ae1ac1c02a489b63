"""AWS::KMS::Alias. Source: resource schema; CloudFormation template reference, aws-resource-kms-alias."""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

from tenant_keys.aws_facts.handlers import CREATION_WAIT
from tenant_keys.local.cloudformation.handler import Made, Properties, already_exists, passed_on
from tenant_keys.local.cloudformation.kms_key import KmsCalls
from tenant_keys.local.fault import Fault


class KmsAlias:
    """An alias; another name replaces it, another target re-points it."""

    def __init__(self, calls: KmsCalls) -> None:
        self._kms = calls

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = str(properties["AliasName"])
        with passed_on("Kms"):
            try:
                self._kms.call("CreateAlias", {"AliasName": name, "TargetKeyId": properties["TargetKeyId"]})
            except Fault as fault:
                if fault.code == "AlreadyExistsException":
                    raise already_exists("AWS::KMS::Alias", name) from fault
                raise
            self._kms.wait(CREATION_WAIT)
        return name, {}

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        if new["AliasName"] != physical_id:
            return self.create(logical_id, new, stack)
        with passed_on("Kms"):
            self._kms.call("UpdateAlias", {"AliasName": physical_id, "TargetKeyId": new["TargetKeyId"]})
        return physical_id, {}

    def adopt(self, identifier: Properties) -> Made:
        """By an IMPORT change set: the read handler looks for the name in ListAliases."""
        with passed_on("Kms"):
            self._kms.call("ListAliases", {})
        return str(identifier["AliasName"]), {}

    def delete(self, physical_id: str, properties: Properties) -> None:
        with passed_on("Kms"):
            try:
                self._kms.call("DeleteAlias", {"AliasName": physical_id})
            except Fault as fault:
                if fault.code != "NotFoundException":
                    raise
