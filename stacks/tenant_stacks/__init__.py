"""Which construct is in which account and Region, and what every synth checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenant_stacks.placement import add_stacks

__all__ = ["add_stacks"]


def __getattr__(name: str) -> object:
    """`add_stacks` when it is asked for: a synth that finds nothing changed does not start the CDK."""
    if name == "add_stacks":
        from tenant_stacks.placement import add_stacks

        return add_stacks
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
