"""Every place of a module that may be changed, and the module with each change."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from tools.mutate.mutation import Mutation, header, reported
from tools.mutate.operators import conditions_kept, other_statements, replacements, without_an_entry

LEFT_ALONE: Final = frozenset({"decorator_list", "returns", "type_params"})
"""Fields of syntax that do nothing at run time, or say how a class is made and not what it means."""
NAMES_OF_MODULES: Final = frozenset({"__all__", "__slots__"})


def mutations(text: str, *, name: str, file: str) -> list[Mutation]:
    """Every mutation of a module, in order. Ids begin with `name`, its path from the source root.

    Left alone: docstrings, imports, decorators, annotations (but those of msgspec's models, which are rules), messages
    of errors, and sentences, which are for people: any string with a space.
    """
    seen: Counter[str] = Counter()
    found = []
    for index, (place, change) in enumerate(_changes(ast.parse(text))):
        before, original = header(place.statement), _source(place.statement)
        with _Changed(place, change):
            changed = place.statement if place.statement is not place.node else change
            after = header(changed) if isinstance(changed, ast.stmt) else str(changed)
            if _source(changed) == original:
                continue
        identifier = f"{name} {place.function or 'module'}: {reported(before, after)}"
        seen[identifier] += 1
        number = f" #{seen[identifier]}" if seen[identifier] > 1 else ""
        found.append(Mutation(identifier + number, file, place.kind, place.lines, index))
    return found


def broken(text: str, mutation: Mutation) -> str:
    """The module's text with this mutation, of which it is the original."""
    module = ast.parse(text)
    place, change = next(islice(_changes(module), mutation.index, None))
    with _Changed(place, change):
        return _source(module)


def _changes(module: ast.Module) -> Iterator[tuple[_Place, Any]]:
    return ((place, change) for place in _Walk(module).places for change in place.changes)


def _source(node: Any) -> str:
    return ast.unparse(ast.fix_missing_locations(node))


class _Place:
    """A slot of the syntax tree, and what else could be in it."""

    def __init__(self, holder: Any, key: str | int, changes: list[Any], walk: _Walk) -> None:
        self.holder, self.key, self.changes = holder, key, changes
        self.node = self.get()
        self.kind = _kind(self.node)
        self.statement = walk.statements[-1]
        self.function = ".".join(walk.names)
        at_import = not walk.in_function
        self.lines = None if at_import else range(self.statement.lineno, _end(self.statement) + 1)

    def get(self) -> Any:
        return getattr(self.holder, self.key) if isinstance(self.key, str) else self.holder[self.key]

    def put(self, value: Any) -> None:
        if isinstance(self.key, str):
            setattr(self.holder, self.key, value)
        else:
            self.holder[self.key] = value


class _Changed:
    """Puts a change into the tree, and the original back."""

    def __init__(self, place: _Place, change: Any) -> None:
        self._place, self._change = place, change

    def __enter__(self) -> None:
        self._place.put(self._change)

    def __exit__(self, *_: object) -> None:
        self._place.put(self._place.node)


class _Walk:
    """Visits what runs, and remembers in which function and statement it is."""

    def __init__(self, module: ast.Module) -> None:
        self.names: list[str] = []
        self.statements: list[ast.stmt] = []
        self.in_function = 0
        self.places: list[_Place] = []
        self._models = 0
        self._body(module.body)

    def _body(self, body: list[ast.stmt]) -> None:
        for index, statement in enumerate(body):
            if isinstance(statement, ast.Import | ast.ImportFrom) or _names_of_module(statement):
                continue
            self.statements.append(statement)
            self._add(body, index, other_statements(statement))
            self._statement(statement)
            self.statements.pop()

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._fields(node.args)
                self.names.append(node.name)
                self.in_function += 1
                self._body(node.body)
                self.in_function -= 1
                self.names.pop()
            case ast.ClassDef():
                self.names.append(node.name)
                models, self._models = self._models, int(bool(node.bases) and not self.in_function)
                self._body(node.body)
                self._models = models
                self.names.pop()
            case ast.Expr(value=ast.Constant()):
                return
            case ast.Raise() | ast.Assert():
                return
            case ast.AnnAssign(value=None) if not self._models:
                return
            case _:
                self._fields(node)

    def _fields(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name in LEFT_ALONE or (name == "annotation" and not self._models):
                continue
            if name == "annotation":
                self._parts_of_type(ast.Expr(value))
                continue
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    self._body(value)
                    continue
                for index, entry in enumerate(value):
                    self._entry(value, index, entry)
            else:
                self._entry(node, name, value)

    def _entry(self, holder: Any, key: str | int, value: Any) -> None:
        if isinstance(value, ast.expr):
            self._expression(holder, key, value)
        elif isinstance(value, ast.comprehension):
            self._add(value, "ifs", conditions_kept(value))
            self._fields(value)
        elif isinstance(value, ast.AST):
            self._fields(value)

    def _expression(self, holder: Any, key: str | int, node: ast.expr) -> None:
        if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del) or _is_sentence(node):
            return
        if _is_type(node) and not (isinstance(node, ast.Subscript) and _is_literal(node)):
            self._parts_of_type(node)
            return
        if isinstance(node, ast.JoinedStr):
            self._add(holder, key, replacements(node))
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    self._expression(part, "value", part.value)
            return
        self._add(holder, key, (*replacements(node), *without_an_entry(node)))
        self._fields(node)

    def _parts_of_type(self, node: ast.AST) -> None:
        """Of `Annotated[str, Field(max_length=40)] | Literal["off"]` what is a rule: calls and literals."""
        for parent in ast.walk(node):
            for name, value in ast.iter_fields(parent):
                entries = enumerate(value) if isinstance(value, list) else [(name, value)]
                for key, entry in entries:
                    if isinstance(entry, ast.Call):
                        self._expression(value if isinstance(value, list) else parent, key, entry)
                    elif isinstance(entry, ast.Subscript) and _is_literal(entry):
                        self._fields(entry)

    def _add(self, holder: Any, key: str | int, changes: Iterable[Any]) -> None:
        if listed := list(changes):
            self.places.append(_Place(holder, key, listed, self))


def _kind(node: Any) -> str:
    """What is changed, as a word."""
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        return type(node.op).__name__
    return "filter" if isinstance(node, list) else type(node).__name__


def _names_of_module(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in NAMES_OF_MODULES
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


def _is_sentence(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return " " in text
        case ast.JoinedStr(values=values):
            return any(isinstance(part, ast.Constant) and " " in str(part.value) for part in values)
    return False


def _is_type(node: ast.expr) -> bool:
    """`X[...]` or `X[...] | Y`, where X begins with a capital letter or is a built-in collection."""
    match node:
        case ast.Subscript(value=ast.Name(id=name)):
            return name[0].isupper() or name in {"dict", "list", "tuple", "set", "frozenset", "type"}
        case ast.BinOp(left=ast.Name(id=name), op=ast.BitOr()) if name[0].isupper() and not name.isupper():
            return True  # Append | Drop
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_type(left) or _is_type(right)
    return False


def _is_literal(node: ast.Subscript) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "Literal"


def _end(statement: ast.stmt) -> int:
    """Last line of a statement, or of the header of one that has others in it."""
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        return max(statement.lineno, body[0].lineno - 1)
    return statement.end_lineno or statement.lineno
