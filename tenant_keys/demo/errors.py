"""Why the demo could not run. That something went otherwise than promised is no error: it is in the report."""

from __future__ import annotations

from tenant_keys.local.errors import LocalAwsError


class SynthFailed(LocalAwsError):
    """Raised when `cdk synth` fails; its own words are in the message."""


class NothingToServe(LocalAwsError):
    """Raised when the manifest lacks what the demonstration is about."""
