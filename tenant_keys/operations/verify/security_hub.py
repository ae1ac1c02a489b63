"""Findings in the AWS Security Finding Format, as BatchImportFindings takes them.

Source: AWS Security Hub guide, securityhub-findings-format-syntax; API reference, BatchImportFindings: at most 100
findings a call, of the account and Region in which they are imported, with that account's default product ARN.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest.replace_file import replace_file
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.operations.verify.verify import Verification

_VERSION: Final = "2018-10-08"
_BATCH: Final = 100
_LONGEST: Final = {"Title": 256, "Description": 1024, "Text": 512, "Id": 512}
_TYPES: Final = ["Software and Configuration Checks/AWS Security Best Practices/tenant-keys"]


def write_findings(path: Path, found: Verification, home_region: str, now: datetime | None = None) -> int:
    """Write batches for BatchImportFindings, one JSON object a line: `{"Findings": [...]}`. Answers how many findings.

    Findings of an account's global services are imported in the home Region.
    """
    at = (now or datetime.now(UTC)).isoformat(timespec="seconds").replace("+00:00", "Z")
    places: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in found.findings:
        region = home_region if one.region == "global" else one.region
        places.setdefault((one.account, region), []).append(_finding(one, region, at))
    lines = [json.dumps({"Findings": batch}) for several in places.values() for batch in _batches(several)]
    replace_file(path, "".join(f"{line}\n" for line in lines).encode())
    return len(found.findings)


def _batches(findings: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(findings), _BATCH):
        yield findings[start : start + _BATCH]


def _finding(one: DriftFinding, region: str, at: str) -> dict[str, Any]:
    partition = partition_of(region)
    product = f"arn:{partition}:securityhub:{region}:{one.account}:product/{one.account}/default"
    return {
        "SchemaVersion": _VERSION,
        "Id": one.id[: _LONGEST["Id"]],
        "ProductArn": product,
        "GeneratorId": f"tenant-keys/verify/{one.kind}",
        "AwsAccountId": one.account,
        "Types": _TYPES,
        "CreatedAt": at,
        "UpdatedAt": at,
        "Severity": {"Label": one.described.severity},
        "Title": f"{one.kind}: {one.described.means}"[: _LONGEST["Title"]],
        "Description": one.what[: _LONGEST["Description"]],
        "Remediation": {"Recommendation": {"Text": one.described.way_back[: _LONGEST["Text"]]}},
        "Resources": [{"Type": "Other", "Id": one.resource, "Partition": partition, "Region": region}],
        "Compliance": {"Status": "FAILED"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "ProductFields": {"tenant-keys/kind": one.kind, **({"tenant-keys/tenant": one.tenant} if one.tenant else {})},
    }
