"""Brings existing keys into the estate: plan, lock, alias, CloudFormation import. Each step may be repeated."""

from tenant_keys.operations.adopt.adopt import Adoption
from tenant_keys.operations.adopt.found_key import FoundKey, read_key
from tenant_keys.operations.adopt.plan import AdoptionRefused, refusals

__all__ = ["Adoption", "AdoptionRefused", "FoundKey", "read_key", "refusals"]
