"""Which construct is in which account and Region, and what every synth checks."""

from tenant_stacks.placement import add_stacks

__all__ = ["add_stacks"]
