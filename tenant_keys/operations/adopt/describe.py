"""One line about a key that can be adopted."""

from __future__ import annotations

from tenant_keys.operations.adopt.found_key import FoundKey


def describe(tenant: str, key: FoundKey) -> str:
    """What was read: origin, Regions, state, rotation, aliases, last use."""
    regions = f", replicas in {', '.join(key.replica_regions)}" if key.replica_regions else ""
    rotation = f"every {key.rotation_days} days" if key.rotation_days else "never"
    return "; ".join(
        (
            f"{tenant}: {key.arn}",
            "imported material" if key.imported else "material of KMS",
            f"{'multi-Region' if key.multi_region else 'single-Region'}{regions}",
            f"{key.metadata['KeyState']}, rotates {rotation}",
            f"aliases {', '.join(key.aliases) or 'none'}",
            f"last used {key.last_used:%Y-%m-%d}" if key.last_used else "no use recorded",
            *([f"retained from stack {key.stack}"] if key.stack else []),
        )
    )
