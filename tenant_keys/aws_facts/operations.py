"""Operations of KMS that authorization treats apart from others. Names are lower case, as IAM compares them."""

from __future__ import annotations

from typing import Final

WITHIN_ACCOUNT_ONLY: Final = frozenset(
    {
        "kms:cancelkeydeletion",
        "kms:createalias",
        "kms:deletealias",
        "kms:deleteimportedkeymaterial",
        "kms:disablekey",
        "kms:disablekeyrotation",
        "kms:enablekey",
        "kms:enablekeyrotation",
        "kms:getkeylastusage",
        "kms:getkeypolicy",
        "kms:getparametersforimport",
        "kms:importkeymaterial",
        "kms:listkeypolicies",
        "kms:listkeyrotations",
        "kms:listresourcetags",
        "kms:putkeypolicy",
        "kms:replicatekey",
        "kms:rotatekeyondemand",
        "kms:schedulekeydeletion",
        "kms:tagresource",
        "kms:untagresource",
        "kms:updatealias",
        "kms:updatekeydescription",
        "kms:updateprimaryregion",
    }
)
"""Operations on keys and aliases that never cross accounts: "Cross-account use: No" in the API reference.

November 2026: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
"""

BEYOND_RCPS: Final = frozenset({"kms:retiregrant"})
"""Resource control policies do not reach these (AWS Organizations guide, orgs_manage_policies_rcps, November 2026)."""
