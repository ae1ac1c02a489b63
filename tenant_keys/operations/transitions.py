"""The life of a tenant: active, suspended, offboarding, offboarded, and back until the last step."""

from __future__ import annotations

from typing import Final, Literal

from tenant_keys.manifest.model import State
from tenant_keys.operations.errors import TransitionRefused

Verb = Literal["suspend", "resume", "offboard", "offboard --final"]

NEXT: Final[dict[Verb, tuple[frozenset[State], State]]] = {
    "suspend": (frozenset({"active"}), "suspended"),
    "resume": (frozenset({"suspended", "offboarding"}), "active"),
    "offboard": (frozenset({"active", "suspended"}), "offboarding"),
    "offboard --final": (frozenset({"offboarding"}), "offboarded"),
}
"""From which states each command leads, and to which."""

_GONE = "an offboarded tenant cannot be restored, and its id is never reused; add it under another id"
_WAY_OUT: Final[dict[tuple[Verb, State], str]] = {
    ("suspend", "suspended"): "nothing to do; to undo it: tenant-keys tenant resume {0}",
    ("suspend", "offboarding"): "its key is disabled already; to keep the tenant: tenant-keys tenant resume {0}",
    ("resume", "active"): "nothing to do",
    ("offboard", "offboarding"): (
        "deploy that and look at the key's last use; the last step is: tenant-keys tenant offboard {0} --final --yes"
    ),
    ("offboard --final", "active"): "offboarding comes first: tenant-keys tenant offboard {0} --yes",
    ("offboard --final", "suspended"): "offboarding comes first: tenant-keys tenant offboard {0} --yes",
}


def next_state(tenant: str, state: State, verb: Verb) -> State:
    """The state that the command leads to.

    Raises:
        TransitionRefused: it does not lead on from this state; the message says what does.
    """
    allowed, following = NEXT[verb]
    if state not in allowed:
        way_out = _GONE if state == "offboarded" else _WAY_OUT[verb, state].format(tenant)
        raise TransitionRefused(f"tenants.yaml tenants.{tenant}.state: got {state}; {way_out}")
    return following
