"""What one Deny protects by itself, apart from the other Denies of its document.

Where two Denies stop the same request, either may go one day: the Deny of a suspended tenant goes when it resumes. So
a Deny is lost also where those that stood beside it still stop all that it stopped. What replaces it counts: statements
that are new, or changed to stop what they did not. A Deny that was there twice may go once.
"""

from __future__ import annotations

from collections.abc import Sequence

from tenant_keys.review.diff.coverage import Reach, covers_within, meaning, uncovered


def replacements(deny: Reach, old: Sequence[Reach], new: Sequence[Reach]) -> tuple[Reach, ...]:
    """The new Denies of an action that count for an old one: the same, or none that did its work before.

    Args:
        deny: one of the old Denies.
        old: all Denies of the action in the old document.
        new: those in the new document.
    """
    own = meaning(deny)
    if same := tuple(one for one in new if meaning(one) == own):
        return same
    others = [one for one in old if meaning(one) != own]
    return tuple(
        one
        for one in new
        if not any(_takes_the_place(one, other, deny) for other in others if not _widened_beside(one, other, deny, new))
    )


def _widened_beside(one: Reach, other: Reach, deny: Reach, new: Sequence[Reach]) -> bool:
    """Whether a new Deny has the Sid of `deny`, and `other` is still there besides."""
    sid = deny.statement.sid
    named = sid is not None and one.statement.sid == sid
    return named and any(meaning(each) == meaning(other) for each in new if each is not one)


def still_denying(deny: Reach, new: Sequence[Reach]) -> tuple[Reach, ...]:
    """Of new Denies that stop all that an old one did, one that suffices, or as few as do."""
    for one in new:
        if _covers(one, deny):
            return (one,)
    needed = list(new)
    for one in new:
        fewer = [other for other in needed if other is not one]
        if uncovered(deny, fewer) is None:
            needed = fewer
    return tuple(needed)


def _takes_the_place(one: Reach, other: Reach, deny: Reach) -> bool:
    """Whether a new Deny is `other`: unchanged, widened to stop no more of `deny` than it did, or a part of it."""
    if meaning(one) == meaning(other):
        return True
    if _covers(other, deny) and _covers(deny, other):
        return False  # two that stop the same by this action may have been merged
    if _covers(one, other):
        return covers_within(deny, one, other)
    return _covers(other, one) and not _covers(deny, one) and not _covers(one, deny)


def _covers(one: Reach, other: Reach) -> bool:
    return uncovered(other, (one,)) is None
