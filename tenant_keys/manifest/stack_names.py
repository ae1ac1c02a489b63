"""Names of stacks. They are part of what must never change: a key whose stack is renamed is a key that is lost."""

from __future__ import annotations

import re
from typing import Final

from tenant_keys.manifest.model import Naming

_REGION: Final = r"[a-z]{2}(-[a-z]+)+-[0-9]"
_KINDS: Final = re.compile(
    rf"(?P<prefix>.+)-(cell-{_REGION}-[0-9]{{3,}}|replica-{_REGION}-of-{_REGION}-[0-9]{{3,}}|roles-[0-9]{{3,}}"
    rf"|shared-access|guardrails|trail|(audit|hook)-{_REGION}|workload-[0-9]{{12}}-{_REGION})"
)
_PRIMARIES: Final = re.compile(rf".+-cell-{_REGION}-[0-9]{{3,}}")
_AUDIT: Final = re.compile(rf".+-audit-{_REGION}")
_HOOK: Final = re.compile(rf".+-hook-{_REGION}")
_REPLICAS: Final = re.compile(rf".+-replica-{_REGION}-of-{_REGION}-[0-9]{{3,}}")


def prefix_of(stack: str) -> str | None:
    """What the estate puts before its kinds of stacks; None for the name of no stack of ours."""
    found = _KINDS.fullmatch(stack)
    return found["prefix"] if found else None


def shared_access(naming: Naming) -> str:
    return f"{naming.stack_prefix}-shared-access"


def audit_stack(region: str, naming: Naming) -> str:
    return f"{audit_prefix(naming)}{region}"


def audit_prefix(naming: Naming) -> str:
    """Begins the names of audit stacks and of their rules."""
    return f"{naming.stack_prefix}-audit-"


def forwarding_stack_set(account: str, naming: Naming) -> str:
    """Of the key account `account`, whose estate may share workload accounts with another's."""
    return f"{audit_prefix(naming)}forwarding-{account}"


def stack_set_instance(stack_set: str) -> str:
    """As CloudFormation names the stack of an instance, without the id that it adds."""
    return f"StackSet-{stack_set}"


def trail(naming: Naming) -> str:
    """Of the key account's own trail, and of its stack."""
    return f"{naming.stack_prefix}-trail"


def trail_bucket(account: str, naming: Naming) -> str:
    """At most 51 characters; names of buckets have no upper case (S3 guide, bucketnamingrules)."""
    return f"{naming.stack_prefix.lower()}-trail-{account}"


def hook_stack(region: str, naming: Naming) -> str:
    """The CloudFormation Hook of a Region of the key account."""
    return f"{naming.stack_prefix}-hook-{region}"


def key_cell(primary_region: str, number: int) -> str:
    """A cell of keys, as tags and descriptions call it."""
    return f"{primary_region}-{number:03d}"


def key_stack(primary_region: str, number: int, naming: Naming) -> str:
    return f"{naming.stack_prefix}-cell-{key_cell(primary_region, number)}"


def replica_stack(region: str, primary_region: str, number: int, naming: Naming) -> str:
    """Replicas in `region` of the keys of one cell: KMS creates a primary's id when the primary is deployed."""
    return f"{naming.stack_prefix}-replica-{region}-of-{key_cell(primary_region, number)}"


def guardrails(naming: Naming) -> str:
    return f"{naming.stack_prefix}-guardrails"


def role_cell(number: int) -> str:
    """A cell of access roles, as tags and descriptions call it."""
    return f"roles-{number:03d}"


def role_stack(number: int, naming: Naming) -> str:
    return f"{naming.stack_prefix}-{role_cell(number)}"


def workload_stack(account: str, region: str, naming: Naming) -> str:
    return f"{naming.stack_prefix}-workload-{account}-{region}"


def holds_primaries(stack: str) -> bool:
    """Whether the stack holds primary keys, whose ids are recorded after a deployment."""
    return _PRIMARIES.fullmatch(stack) is not None


def holds_replicas(stack: str) -> bool:
    """Whether the stack holds replicas, which are deployed after the ids of their primaries are recorded."""
    return _REPLICAS.fullmatch(stack) is not None


def is_hook_stack(stack: str) -> bool:
    """Whether the stack holds a CloudFormation Hook, which is deployed before the stacks that it judges."""
    return _HOOK.fullmatch(stack) is not None


def is_audit_stack(stack: str) -> bool:
    """Whether the stack holds rules and the topic on which they tell what they find."""
    return _AUDIT.fullmatch(stack) is not None
