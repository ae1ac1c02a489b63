"""What can go wrong around the local AWS. Errors of AWS itself come as botocore's ClientError."""

from __future__ import annotations


class LocalAwsError(Exception):
    """Base of all errors of the launcher."""


class PortInUse(LocalAwsError):
    """Raised when the port asked for is taken."""


class OtherPartition(LocalAwsError):
    """Raised when an estate of another partition than aws is to run here."""


class StartFailed(LocalAwsError):
    """Raised when the server process ends before it is ready."""


class Stopped(LocalAwsError):
    """Raised when the server process is gone while something still needs it."""


class NodeMissing(LocalAwsError):
    """Raised when Node or the CDK CLI is not installed."""


class WrongCdk(LocalAwsError):
    """Raised when the CDK CLI is too old to read the assemblies of the installed CDK library."""


class DeploymentFailed(LocalAwsError):
    """Raised when the CDK CLI reports a failed deployment."""


class Refused(LocalAwsError):
    """Raised when the local AWS refuses a call of the launcher, such as code to be run as a role that trusts none."""
