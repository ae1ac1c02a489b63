"""What the operations refuse; every message says where, what, and the way out."""

from __future__ import annotations


class OperationError(Exception):
    """Raised when an operation cannot be done as asked; the base of all errors here."""


class UnknownTenant(OperationError):
    """Raised when the manifest has no tenant of that id."""


class TransitionRefused(OperationError):
    """Raised when a tenant cannot go from its state into the one asked for."""


class EditRefused(OperationError):
    """Raised when the manifest is written in a form that cannot be edited without touching more than the tenant."""


class KeyMismatch(OperationError):
    """Raised when an alias in AWS names a key that is not the tenant's primary in the key account."""


class TakeBackRefused(OperationError):
    """Raised when a line of the lock cannot be taken back: something of the tenant was merged or deployed."""


class RevisionUnusable(OperationError):
    """Raised when a git revision does not exist or holds what must not be written to disk."""


class AppFailed(OperationError):
    """Raised when the app of a checkout does not synthesize: its own refusal, or a validation that found something."""


class NoProject(OperationError):
    """Raised when the current folder is not the root of a project: `app.py` or `tenants.yaml` is missing."""


class NodeUnusable(OperationError):
    """Raised when Node, in which the CDK's library runs, is missing or too old."""


class NotDeployed(OperationError):
    """Raised when nothing says what is deployed: no such stack, one that is in progress, no folder for it."""


class WrongAccount(OperationError):
    """Raised when the credentials are of another account than the one asked about."""
