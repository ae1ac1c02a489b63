"""What the review refuses, and why: one base class, so that a caller can tell "could not run" from a finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

_LONGEST: Final = 200
"""Characters of a value in a message."""


def as_json(value: object) -> str:
    """A value as a template has it; a long one is cut. None is what a template does not have.

    Where a character cannot be printed, such as half of a surrogate pair, all that are not ASCII are escaped.
    """
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    text = text if text.isprintable() else json.dumps(value, default=_plain)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


class ReviewError(Exception):
    """Raised when the review cannot judge what it was given; the message says where, what, allowed, and the fix."""


class NotJudged(ReviewError):
    """Raised when the assembly is read and holds what cannot be judged: to the proof a finding, "not proved"."""


class AssemblyNotFound(ReviewError):
    """Raised when the cloud assembly, its manifest or one of its templates is not on disk."""


class AssemblyUnreadable(ReviewError):
    """Raised when a file of the cloud assembly is not the JSON that it should be."""


class AssemblyTooNew(ReviewError):
    """Raised when the manifest's schema is newer than the newest one that the review has been tried with."""


class AssemblyInconsistent(NotJudged):
    """Raised when the CDK CLI could deploy something other than the template that the review reads."""


class EmptyAssembly(ReviewError):
    """Raised when the cloud assembly holds no stack: "0 stacks" proves nothing."""


class EnvironmentUnknown(ReviewError):
    """Raised when a stack does not name its account and Region, without which no ARN can be known."""


class DuplicateStack(ReviewError):
    """Raised when two stacks of the assembly have the same name, account and Region."""


class TemplateRefused(NotJudged):
    """Raised when a template holds something that can create or rewrite resources unseen, such as a macro."""


class UnresolvedIntrinsic(NotJudged):
    """Raised when a value that the review must know is known only to CloudFormation."""

    def __init__(self, stack: str, logical_id: str, path: str, problem: str) -> None:
        self.stack = stack
        self.logical_id = logical_id
        self.path = path
        super().__init__(f"{stack} {logical_id} {path}: {problem}")


class NotExported(UnresolvedIntrinsic):
    """Raised when a template imports what no stack of the assembly exports."""


class MalformedPolicy(NotJudged):
    """Raised when a policy document is not of the form that IAM accepts."""

    def __init__(self, where: str, got: object, allowed: str) -> None:
        self.where = where
        self.got = got
        self.allowed = allowed
        super().__init__(f"{where}: got {as_json(got)}; {allowed}")


class NothingToReview(ReviewError):
    """Raised when the stacks hold no policy at all: "0 of 0" is no success."""
