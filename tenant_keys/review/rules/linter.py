"""Runs the rules over stacks as they are read, so that an assembly is read once for the proof and the rules."""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.assembly import Assembly, Stack
from tenant_keys.review.errors import NothingToReview
from tenant_keys.review.rules.collect import policies
from tenant_keys.review.rules.model import LintFinding
from tenant_keys.review.rules.prefix_aliases import PrefixAliases
from tenant_keys.review.rules.registry import RULES


class Linter:
    """Judges stack after stack; `finish` adds what only the whole estate can show."""

    def __init__(self) -> None:
        self.policies = 0
        self._aliases = PrefixAliases()

    def add(self, stack: Stack) -> Iterator[LintFinding]:
        """Yield the findings on the policies of a stack; to be consumed whole."""
        for resource in stack.resources.values():
            if resource.type == "AWS::KMS::Alias":
                self._aliases.add_alias(resource.properties["AliasName"])
        for policy in policies(stack):
            self.policies += 1
            self._aliases.add_policy(policy)
            for check in RULES.values():
                yield from check(policy)

    def finish(self) -> Iterator[LintFinding]:
        """Yield the findings on the estate as a whole."""
        if not self.policies:
            raise NothingToReview("the stacks hold 0 policies; expected at least one; review the assembly of the app")
        yield from self._aliases.findings()


def lint(assembly: Assembly) -> Iterator[LintFinding]:
    """Yield all findings on an assembly."""
    linter = Linter()
    for stack in assembly.stacks():
        yield from linter.add(stack)
    yield from linter.finish()
