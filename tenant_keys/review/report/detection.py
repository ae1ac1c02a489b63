"""What is detected, how fast, what the trail alone shows, and what remains unseen: rules as the templates have them."""

from __future__ import annotations

from typing import Any, Final

from tenant_keys.manifest.stack_names import audit_prefix
from tenant_keys.review.proof.reviewed import ReviewedEstate

SPEEDS: Final = (
    "A rule fires when CloudTrail has delivered the record to EventBridge: usually within minutes, not guaranteed.",
    "A session that is refused is logged in the workload account alone, and forwarded from there.",
    "AWS KMS itself tells a deletion for certain; a rotation, and material that has expired, as best effort.",
    "Key material that will expire: an alarm two weeks ahead.",
)
TRAIL_ONLY: Final = (
    "Which tenant a session of a shared role is: a record of AWS KMS has no session tags (query wrong-tenant).",
    "Who used a key, from which role, through which workload, and when last (queries who-used, last-use).",
    "Rotation that is overdue: no event exists.",
)
UNSEEN: Final = (
    "Use of a data key that is already in the memory of a process: AWS KMS is not asked.",
    "A forged token that STS refuses: there is no caller yet.",
    "The organization's trail stopped or made blind to AWS KMS, unless the account that owns it has a rule.",
    "A change of a role, or a sign-in of the root user, where us-east-1 is not among central.regions.",
    "A record that is removed from the bucket of a trail: digests of log file validation tell, when somebody compares.",
    "A message that SNS could not deliver, and everything while no trail logs.",
)


def detection(reviewed: ReviewedEstate) -> dict[str, Any]:
    """Rules by id, with severity, sentence and the Regions in which they are on; and the limits."""
    estate = reviewed.estate
    prefix = audit_prefix(estate.naming)
    rules: dict[str, dict[str, Any]] = {}
    forwarding: set[str] = set()
    for resource in reviewed.resources.values():
        name = str(resource.properties.get("Name", resource.properties.get("AlarmName", "")))
        if resource.type not in ("AWS::CloudWatch::Alarm", "AWS::Events::Rule") or not name.startswith(prefix):
            continue
        if resource.account != estate.central.account:
            forwarding.add(resource.account)
            continue
        said = str(resource.properties.get("Description", resource.properties.get("AlarmDescription", "")))
        severity, _, what = said.partition(": ")
        row = rules.setdefault(name.removeprefix(prefix), {"severity": severity, "what": what, "regions": []})
        if resource.properties.get("State") != "DISABLED":
            row["regions"].append(resource.region)
    return {
        "on": estate.audit is not None,
        "rules": [{"id": name, **row, "regions": sorted(row["regions"])} for name, row in rules.items()],
        "forwarding": sorted(forwarding),
        "speeds": list(SPEEDS),
        "trail_only": list(TRAIL_ONLY),
        "unseen": list(UNSEEN),
    }
