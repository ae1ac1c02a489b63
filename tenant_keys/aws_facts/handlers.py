"""How long CloudFormation's handlers of KMS's types wait: their source, EventualConsistencyHandlerHelper.

Source: github.com/aws-cloudformation/aws-cloudformation-resource-providers-kms, `common`. Read in November 2026.
"""

from __future__ import annotations

from typing import Final

CREATION_WAIT: Final = 15
"""Seconds after a key, a replica or an alias was created or removed."""
CHANGE_WAIT: Final = 60
"""Seconds after a key was changed, and between ReplicateKey and the look at the replica."""
