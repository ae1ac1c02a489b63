"""CloudFormation's import of keys and aliases that exist: as they are, since an import changes and compares nothing.

Source: CloudFormation user guide, import-resources-manually; API, CreateChangeSet: at most 200 resources of a change
set, none of the stack's other resources changed, a DeletionPolicy on each.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError
from botocore.handlers import json_decode_template_body

from tenant_keys.aws_facts.quotas import IMPORTED_RESOURCES, INLINE_TEMPLATE_BYTES
from tenant_keys.operations.adopt.found_key import FoundKey
from tenant_keys.operations.adopt.plan import AdoptionRefused

CHANGE_SET: Final = "tenant-keys-adopt"
_POLL_SECONDS: Final = 0.5
_DONE: Final = frozenset({"IMPORT_COMPLETE", "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One resource to import."""

    logical_id: str
    resource: dict[str, Any]
    """As the template of the app has it."""
    identifier: dict[str, str]
    key: FoundKey | None
    """Of a key; None of an alias."""

    @property
    def as_it_is(self) -> dict[str, Any]:
        """The resource with the properties that it has in AWS."""
        if self.key is None:
            return self.resource
        return {**self.resource, "Properties": _actual(self.key, self.resource)}


def _actual(key: FoundKey, resource: dict[str, Any]) -> dict[str, Any]:
    written = resource["Properties"]
    properties: dict[str, Any] = {
        "Description": key.metadata.get("Description", ""),
        "Enabled": key.enabled or key.imported,
        "KeyPolicy": key.policy,
        "PendingWindowInDays": written["PendingWindowInDays"],  # write-only: KMS does not say it
        "Tags": [{"Key": name, "Value": value} for name, value in sorted(key.tags.items())],
    }
    if resource["Type"] == "AWS::KMS::ReplicaKey":
        return {"PrimaryKeyArn": written["PrimaryKeyArn"], **properties}
    fixed = {name: written[name] for name in ("KeySpec", "KeyUsage", "Origin", "MultiRegion")}
    if key.imported:
        return {**properties, **fixed}
    rotation: dict[str, Any] = {"EnableKeyRotation": key.rotation_days is not None}
    if key.rotation_days is not None:
        rotation["RotationPeriodInDays"] = key.rotation_days
    return {**properties, **fixed, **rotation}


class Importer:
    """Imports into one stack, at most 200 resources at a time; what is in the stack already is passed over."""

    def __init__(
        self, cloudformation: Any, stack: str, execution_role: str | None, upload: Callable[[bytes, str], str]
    ) -> None:
        """`upload` puts a template into S3 under a name, and answers its URL."""
        self._cloudformation, self._stack, self._role, self._upload = cloudformation, stack, execution_role, upload

    def run(self, wanted: list[Wanted]) -> Iterator[str]:
        """Import, and say what was done.

        Raises:
            AdoptionRefused: the stack holds another resource of that logical id, or CloudFormation refuses.
        """
        status = self._clear_the_way()
        present = self._resources() if status in _DONE else {}
        missing = []
        for one in wanted:
            physical_id = next(iter(one.identifier.values()))
            if present.get(one.logical_id, physical_id) != physical_id:
                message = f"its {one.logical_id} is {present[one.logical_id]}, not {physical_id}"
                raise AdoptionRefused(f"{self._stack}: {message}; offboard that tenant first")
            if one.logical_id not in present:
                missing.append(one)
        for start in range(0, len(missing), IMPORTED_RESOURCES):
            self._clear_the_way()  # also of the change set before, whose name is used again
            batch = missing[start : start + IMPORTED_RESOURCES]
            self._import(batch)
            yield f"imported {', '.join(one.logical_id for one in batch)} into {self._stack}"

    def _clear_the_way(self) -> str:
        """Remove what an earlier run left half-done: a change set, or a stack whose import failed and holds nothing."""
        status = self._final_status()
        if status == "ROLLBACK_COMPLETE" and not self._resources():
            self._cloudformation.delete_stack(StackName=self._stack)
            status = self._final_status()
        if status not in ("", "REVIEW_IN_PROGRESS", *_DONE, "IMPORT_ROLLBACK_COMPLETE"):
            raise AdoptionRefused(f"{self._stack}: {status}; repair the stack first")
        if status:
            try:
                self._cloudformation.delete_change_set(StackName=self._stack, ChangeSetName=CHANGE_SET)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("ChangeSetNotFound", "ChangeSetNotFoundException"):
                    raise
        return status

    def _final_status(self) -> str:
        """The stack's state once no operation runs; empty where there is no stack."""
        while True:
            try:
                found = self._cloudformation.describe_stacks(StackName=self._stack)["Stacks"][0]
            except ClientError as error:
                if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
                    return ""
                raise
            status = str(found["StackStatus"])
            if status == "DELETE_COMPLETE":
                return ""
            if status == "REVIEW_IN_PROGRESS" or not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(_POLL_SECONDS)

    def _resources(self) -> dict[str, str]:
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self._stack)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
            if not each["ResourceStatus"].startswith("DELETE")
        }

    def _import(self, batch: list[Wanted]) -> None:
        template = self._present()
        template["Resources"] |= {one.logical_id: one.as_it_is for one in batch}
        body = json.dumps(template, separators=(",", ":")).encode()
        text = {"TemplateBody": body.decode()}
        if len(body) > INLINE_TEMPLATE_BYTES:
            text = {"TemplateURL": self._upload(body, f"{CHANGE_SET}/{hashlib.sha256(body).hexdigest()}.json")}
        role = {"RoleARN": self._role} if self._role else {}
        self._cloudformation.create_change_set(
            StackName=self._stack,
            ChangeSetName=CHANGE_SET,
            ChangeSetType="IMPORT",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            ResourcesToImport=[
                {
                    "ResourceType": one.resource["Type"],
                    "LogicalResourceId": one.logical_id,
                    "ResourceIdentifier": one.identifier,
                }
                for one in batch
            ],
            **text,
            **role,
        )
        self._wait_for_change_set()
        self._cloudformation.execute_change_set(StackName=self._stack, ChangeSetName=CHANGE_SET)
        status = self._final_status()
        if status != "IMPORT_COMPLETE":
            events = self._cloudformation.describe_stack_events(StackName=self._stack)["StackEvents"]
            reasons = [each.get("ResourceStatusReason", "") for each in events if "FAILED" in each["ResourceStatus"]]
            raise AdoptionRefused(f"{self._stack}: {status}: {'; '.join(filter(None, reasons)) or 'see its events'}")

    def _present(self) -> dict[str, Any]:
        """The template that the stack has: an import may change nothing of it."""
        if self._final_status() in ("", "REVIEW_IN_PROGRESS"):
            return {"Resources": {}}
        self._cloudformation.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
        body = self._cloudformation.get_template(StackName=self._stack, TemplateStage="Original")["TemplateBody"]
        found: dict[str, Any] = json.loads(str(body))
        return found

    def _wait_for_change_set(self) -> None:
        while True:
            found = self._cloudformation.describe_change_set(StackName=self._stack, ChangeSetName=CHANGE_SET)
            if found["Status"] == "CREATE_COMPLETE":
                return
            if found["Status"] == "FAILED":
                raise AdoptionRefused(f"{self._stack}: the import is refused: {found.get('StatusReason', 'no reason')}")
            time.sleep(_POLL_SECONDS)
