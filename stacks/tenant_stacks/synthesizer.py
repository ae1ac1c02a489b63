"""Writes the template of one stack, completes a cell's, and refuses one that CloudFormation would not accept."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from aws_cdk import (
    App,
    Aspects,
    DefaultStackSynthesizer,
    FileAssetLocation,
    FileAssetPackaging,
    IAspect,
    RemoveTag,
    Stack,
    Stage,
    Tag,
    Token,
)

from tenant_stacks.cell import Cell
from tenant_stacks.pattern import NotOnlyNames
from tenant_stacks.template_limits import check_template


class EstateSynthesizer(DefaultStackSynthesizer):
    """The CDK's own, which also completes a cell's template and checks it. One object serves one stack."""

    cell: Cell | None = None
    """Set for a stack of which some members have no constructs."""
    examples = ""
    """The cell's template as the CDK wrote it, with the members that have constructs; empty until the synth."""
    _written: Stack
    _own_aspects: int

    def reusable_bind(self, stack: Stack) -> EstateSynthesizer:
        """Bind this object: the CDK would bind a copy, which knows nothing of Python's methods."""
        self.bind(stack)
        self._written = stack
        return self

    def stamp(self, cell: Cell) -> None:
        """Have the cell complete the template. Call it before other code can reach the stack."""
        self.cell = cell
        self._own_aspects = len(Aspects.of(self._written).all)  # such as the permissions boundary of the context

    def add_file_asset(
        self,
        *,
        source_hash: str,
        deploy_time: bool | None = None,
        display_name: str | None = None,
        executable: Sequence[str] | None = None,
        file_name: str | None = None,
        packaging: FileAssetPackaging | None = None,
    ) -> FileAssetLocation:
        """Check the template, which the CDK hands over as a file asset once it is written.

        Raises:
            NotOnlyNames: a member without a construct could differ from those that have one by more than its names.
            PolicyTooLarge: CloudFormation would refuse the template for its bytes or its number of resources.
        """
        assembly = Stage.of(self._written)
        if assembly and file_name == self._written.template_file:
            template = Path(assembly.outdir, self._written.template_file)
            if self.cell:
                source_hash = self._complete(template, self.cell)
            check_template(template, self._written.node.path)
        return super().add_file_asset(
            source_hash=source_hash,
            deploy_time=deploy_time,
            display_name=display_name,
            executable=executable,
            file_name=file_name,
            packaging=packaging,
        )

    def _complete(self, template: Path, cell: Cell) -> str:
        """Returns the new SHA-256, which is what the CDK publishes a template under."""
        self._check_aspects()
        self.examples = template.read_bytes().decode()
        text = cell.complete(self.examples).encode()
        template.write_bytes(text)
        return sha256(text).hexdigest()

    def _check_aspects(self) -> None:
        """An Aspect may read a name and decide by it, and it visits only the members that have constructs."""
        stack = self._written
        others = (*stack.node.scopes[:-1], *stack.node.find_all()[1:])
        found = [(scope, aspect) for scope in others for aspect in Aspects.of(scope).all]
        found += [(stack, aspect) for aspect in Aspects.of(stack).all[self._own_aspects :]]
        for scope, aspect in found:
            if not reads_no_names(aspect):
                raise NotOnlyNames(f"{scope.node.path or 'the app'} has an Aspect that may read a tenant's name")


def synthesizers(app: App) -> dict[str, EstateSynthesizer]:
    """Those of the app's stacks that are ours, by the names of the stacks; a stack of a Stage has none of ours."""
    stacks = [child for child in app.node.children if isinstance(child, Stack)]
    found = {stack.node.id: stack.synthesizer for stack in stacks}
    return {name: one for name, one in found.items() if isinstance(one, EstateSynthesizer)}


def reads_no_names(aspect: IAspect) -> bool:
    """Whether an Aspect is known to treat all tenants alike: a tag, or its removal, of which no part is a token."""
    if type(aspect) is Tag:
        return not (Token.is_unresolved(aspect.key) or Token.is_unresolved(aspect.value))
    return type(aspect) is RemoveTag and not Token.is_unresolved(aspect.key)
