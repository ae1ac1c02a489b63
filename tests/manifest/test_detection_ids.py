"""Ids of rules and alarms are in tickets, runbooks and suppressions: none is ever renamed."""

from tenant_keys.manifest.detection import ALARM_IDS, RULE_IDS


def test_the_ids_of_rules_and_alarms_are_these_or_more() -> None:
    assert {
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
        "rules-changed",
        "topic-changed",
    } <= set(RULE_IDS)
    assert set(ALARM_IDS) >= {"material-expiring", "quota-near"}
