"""Which construct stands in which account and Region, and what every synth checks."""

from stacks.estate import add_stacks

__all__ = ["add_stacks"]
