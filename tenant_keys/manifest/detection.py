"""The ids of the rules of the audit stack. Tickets, runbooks and suppressions name them: an id is never given up."""

from __future__ import annotations

from typing import Final

RULE_IDS: Final = (
    "deletion-scheduled",
    "deletion-cancelled",
    "key-deleted",
    "key-disabled",
    "key-enabled",
    "key-policy-changed",
    "lockout-bypass",
    "key-created",
    "alias-created",
    "alias-moved",
    "alias-deleted",
    "grant-created",
    "replica-created",
    "primary-moved",
    "material-imported",
    "material-deleted",
    "material-expired",
    "import-begun",
    "rotation-done",
    "rotation-asked-for",
    "rotation-changed",
    "tags-changed",
    "administration-denied",
    "use-denied",
    "unusable-key-used",
    "break-glass-assumed",
    "break-glass-used",
    "access-refused",
    "root-used",
    "role-changed",
    "trail-stopped",
    "trail-blinded",
    "records-changed",
    "rules-changed",
    "topic-changed",
)
"""Of the rules in every Region of the key account."""
ALARM_IDS: Final = ("material-expiring", "quota-near")
"""Of the alarms beside them."""
