"""What a change does to keys and to access, in sentences a reviewer can decide on."""

from tenant_keys.review.diff.change import Change, Severity
from tenant_keys.review.diff.compare import Comparison, compare

__all__ = ["Change", "Comparison", "Severity", "compare"]
