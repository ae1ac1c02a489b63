"""`python -m tools.life_cycle offboarding | interruptions | revocation`: the end of a tenant's key on the local AWS."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tenant_keys.local import LocalAws
from tools.life_cycle.interruptions import Power, live_and_cut
from tools.life_cycle.leaving_tenants import CENTRAL, Leaving

AGES = (0.0, 2.0, 5.0, 10.0, 30.0)
"""max_age of the readers that `revocation` starts; the client's default is 300."""


def show_interruptions(tenants: list[str]) -> None:
    """Cut after every call to AWS: one row for each operation, with how often and in which states it was cut."""
    with LocalAws(accounts=(CENTRAL,)) as aws, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        leaving, power = Leaving(aws, folder), Power()
        for tenant in tenants:
            live_and_cut(leaving, tenant, power, None, None, folder)
            calls, cuts, states = len(power.calls), Counter[str](), dict[str, set[tuple[str, ...]]]()
            certified = set[int]()
            for number in range(1, calls + 1):
                found = live_and_cut(leaving, tenant, power, number, None, folder)
                cuts[found.after] += 1
                states.setdefault(found.after, set()).add(found.states)
                certified.add(found.certified)
            print(f"\n{tenant}: {calls} calls to AWS, cut once after each; keys in the certificate: {certified}")
            for operation, number in sorted(cuts.items()):
                shown = "; ".join(" and ".join(one) for one in sorted(states[operation]))
                print(f"  {operation:<26}{number:>3} cuts, keys were {shown}")


def main(arguments: list[str]) -> None:
    """Run one of the shows; `read` is a reader of `revocation`."""
    match arguments:
        case ["offboarding", *tenants]:
            from tools.life_cycle import offboarding

            for tenant in tenants or ["acme"]:
                offboarding.show(tenant)
        case ["interruptions", *tenants]:
            show_interruptions(tenants or ["acme", "globex", "umbrella", "wayne"])
        case ["revocation", *ages]:
            from tools.life_cycle import revocation

            revocation.show([float(age) for age in ages] or AGES)
        case ["read", blob, age]:
            from tools.life_cycle import revocation

            revocation.read_until_refused(bytes.fromhex(blob), float(age))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
