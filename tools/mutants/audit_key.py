"""The key of the audit topic with one thing broken: its policy, its rotation, its aliases, who may use it."""

from __future__ import annotations

from tools.mutants.audit_edits import (
    ADMINISTRATION,
    AUDIT,
    INVENTORY,
    STRANGER,
    adding_to,
    allow,
    key_statement,
    of,
    tenants_alias,
    topic_key_policy,
)
from tools.mutants.mutant import Harmless, Mutant, NotProvedBecause, Refuted, change
from tools.mutants.original import CENTRAL

_KEY = ("the policy of the key that encrypts the topic",)
MUTANTS = [
    Mutant(
        "a role uses the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        adding_to(
            topic_key_policy,
            allow({"AWS": f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing"}, "kms:Decrypt"),
        ),
    ),
    Mutant(
        "a stranger uses the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        adding_to(topic_key_policy, allow({"AWS": STRANGER}, "kms:Decrypt")),
    ),
    Mutant(
        "a third service uses the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        change(
            key_statement(3),
            Principal={"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com"]},
        ),
    ),
    Mutant(
        "the services may do anything with the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        change(key_statement(3), Action=["kms:*"]),
    ),
    Mutant(
        "anybody deploys the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        lambda templates: (key_statement(1)(templates).pop("Condition"), None)[1],
    ),
    Mutant(
        "the key of the topic does not rotate",
        Refuted(INVENTORY, ("RotationPeriodInDays",)),
        change(of("AuditKey"), EnableKeyRotation=False),
    ),
    Mutant("the key of the topic is disabled", Refuted(INVENTORY, ("Enabled",)), change(of("AuditKey"), Enabled=False)),
    Mutant(
        "the key of the topic is of several Regions",
        Refuted(INVENTORY, ("kms:MultiRegion",)),
        change(of("AuditKey"), MultiRegion=True),
    ),
    Mutant(
        "the key of the topic is not retained",
        Refuted(INVENTORY, ("Retain",)),
        lambda templates: templates.resources(AUDIT)["AuditKey"].update(DeletionPolicy="Delete"),
    ),
    Mutant("an alias on the key of the topic", Refuted(INVENTORY, ("points at no tenant's key",)), tenants_alias),
    Mutant(
        "a key of the same name among the tenants' keys",
        Refuted(INVENTORY, ("a key that no tenant's alias names",)),
        lambda templates: templates.resources("tenant-keys-cell-eu-west-1-001").update(
            AuditKey=templates.resources(AUDIT)["AuditKey"]
        ),
    ),
    Mutant(
        "the key of the topic is denied to its publishers",
        NotProvedBecause(_KEY),
        adding_to(
            topic_key_policy,
            {"Sid": "Added", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey", "Resource": "*"},
        ),
    ),
    Mutant(
        "the key of the topic is used by one publisher alone",
        NotProvedBecause(_KEY),
        change(key_statement(3), Principal={"Service": "events.amazonaws.com"}),
    ),
    Mutant(
        "actions on the key of the topic in another order",
        Harmless(),
        lambda templates: key_statement(0)(templates)["Action"].reverse(),
    ),
    Mutant("another Sid on the key of the topic", Harmless(), change(key_statement(3), Sid="Publish")),
    Mutant(
        "readers of the key of the topic by ArnLike",
        Harmless(),
        lambda templates: key_statement(0)(templates).update(
            Condition={"ArnLike": key_statement(0)(templates)["Condition"]["ArnEquals"]}
        ),
    ),
    Mutant(
        "grants on the key of the topic denied",
        Harmless(),
        adding_to(
            topic_key_policy,
            {"Sid": "Added", "Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"},
        ),
    ),
    Mutant(
        "whatever opens the key of the topic denied by patterns",
        Harmless(),
        adding_to(
            topic_key_policy,
            {
                "Sid": "Added",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["kms:*Grant", "kms:*Imp*rt*", "kms:Si??"],
                "Resource": "*",
            },
        ),
    ),
    Mutant(
        "publishing denied by a pattern on the key of the topic",
        NotProvedBecause(("the policy of the key that encrypts the topic",)),
        adding_to(
            topic_key_policy,
            {"Sid": "Added", "Effect": "Deny", "Principal": "*", "Action": "kms:Generate*", "Resource": "*"},
        ),
    ),
    # A wildcard means every action that fits, whenever it is added (IAM guide, reference_policies_elements_action).
    Mutant(
        "an action by a pattern that means one on the key of the topic",
        Refuted(ADMINISTRATION, ("the policy of the key that encrypts the topic lets more through",)),
        adding_to(
            topic_key_policy,
            {
                "Sid": "Added",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"},
                "Action": "kms:GetKeyPolic?",
                "Resource": "*",
                "Condition": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{CENTRAL}:role/SecurityAudit"}},
            },
        ),
    ),
    Mutant("the key of the topic by its id", Harmless(), change(of("AuditTopic"), KmsMasterKeyId={"Ref": "AuditKey"})),
]
"""By hand: what the proof says of each."""
