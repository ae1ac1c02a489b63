"""What may be changed in an expression or a statement, each with the mistake that it represents."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
"""A limit that is off by one, a test that is the wrong way round."""

ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
}

NORMALIZING: Final = frozenset({"casefold", "lower", "upper", "strip", "removeprefix", "removesuffix"})
"""Methods of strings without which two spellings of one name are two names."""

MARK: Final = "XX"
"""Put before a string that is to be another."""


def replacements(node: ast.expr) -> Iterator[ast.expr]:
    """Other expressions that could be in this one's place."""
    match node:
        case ast.Constant():
            yield from _constants(node)
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.BinOp():
            yield from _other_operators(node)
        case ast.IfExp(test=test, body=body, orelse=orelse) if not _mutated_itself(test):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(func=ast.Attribute(value=receiver, attr=name)) if name in NORMALIZING:
            yield receiver
        case ast.Call(keywords=keywords):
            for index, keyword in enumerate(keywords):
                if keyword.arg:
                    yield ast.Call(node.func, node.args, [*keywords[:index], *keywords[index + 1 :]])
        case ast.JoinedStr(values=values):
            yield ast.JoinedStr([ast.Constant(MARK), *values])


def _other_operators(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                others = [*node.ops[:index], COMPARISONS[type(operator)](), *node.ops[index + 1 :]]
                yield ast.Compare(node.left, others, node.comparators)
        case ast.BoolOp(op=operation, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(operation, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield ast.Call(ast.Name("bool"), [operand], [])
        case ast.BinOp(left=left, op=ast.BitOr()):
            yield left
        case ast.BinOp(op=operator) if type(operator) in ARITHMETIC:
            yield ast.BinOp(node.left, ARITHMETIC[type(operator)](), node.right)


def _constants(node: ast.Constant) -> Iterator[ast.expr]:
    match node.value:
        case bool(value):
            yield ast.Constant(not value)
        case int(value) | float(value):
            yield ast.Constant(value + 1)
        case str(value):
            yield ast.Constant(MARK + value)


def without_an_entry(node: ast.expr) -> Iterator[ast.expr]:
    """The list, tuple, set or dict with one entry less."""
    match node:
        case ast.List(elts=entries) | ast.Tuple(elts=entries) | ast.Set(elts=entries):
            for index in range(len(entries)):
                rest = [*entries[:index], *entries[index + 1 :]]
                yield ast.Call(ast.Name("set"), [], []) if isinstance(node, ast.Set) and not rest else type(node)(rest)
        case ast.Dict(keys=keys, values=values):
            for index in range(len(keys)):
                yield ast.Dict([*keys[:index], *keys[index + 1 :]], [*values[:index], *values[index + 1 :]])


def other_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Other statements that could be in this one's place."""
    match node:
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.AugAssign(op=operator) if type(operator) in ARITHMETIC:
            yield ast.Pass()
            yield ast.AugAssign(node.target, ARITHMETIC[type(operator)](), node.value)
        case ast.Expr() | ast.Raise() | ast.Continue() | ast.Break() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.If(test=test) | ast.While(test=test) if not _mutated_itself(test):
            fields = dict(ast.iter_fields(node)) | {"test": ast.UnaryOp(ast.Not(), test)}
            yield type(node)(**fields)


def conditions_kept(node: ast.comprehension) -> Iterator[list[ast.expr]]:
    """The filters of a comprehension, one of them gone."""
    for index in range(len(node.ifs)):
        yield [*node.ifs[:index], *node.ifs[index + 1 :]]


def _mutated_itself(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare | ast.BoolOp) or (
        isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    )


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
