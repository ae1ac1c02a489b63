"""The `tenant-keys` command."""

from tenant_keys.cli.program import main

__all__ = ["main"]
