"""Formulas and texts over cvc5. What is constant is computed here, so that the solver sees only what is open.

SMT-LIB's theory of strings: https://smt-lib.org/theories-UnicodeStrings.shtml
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

import cvc5
from cvc5 import Kind, Term

TERMS: Final = cvc5.TermManager()
Formula: TypeAlias = bool | Term
Text: TypeAlias = str | Term
Number: TypeAlias = Fraction | Term


def flag(name: str) -> Term:
    """An open truth value."""
    return TERMS.mkConst(TERMS.getBooleanSort(), name)


def text(name: str) -> Term:
    """An open text."""
    return TERMS.mkConst(TERMS.getStringSort(), name)


def number(name: str) -> Term:
    """An open number."""
    return TERMS.mkConst(TERMS.getRealSort(), name)


def whole_number(name: str) -> Term:
    """An open whole number."""
    return TERMS.mkTerm(Kind.TO_REAL, TERMS.mkConst(TERMS.getIntegerSort(), name))


def all_of(formulas: Iterable[Formula]) -> Formula:
    """Their conjunction; true of none."""
    open_ones: list[Term] = []
    for one in formulas:
        if one is False:
            return False
        if one is not True:
            open_ones.append(one)
    return _joined(Kind.AND, open_ones, nothing=True)


def any_of(formulas: Iterable[Formula]) -> Formula:
    """Their disjunction; false of none."""
    open_ones: list[Term] = []
    for one in formulas:
        if one is True:
            return True
        if one is not False:
            open_ones.append(one)
    return _joined(Kind.OR, open_ones, nothing=False)


def _joined(kind: Kind, open_ones: list[Term], *, nothing: bool) -> Formula:
    if not open_ones:
        return nothing
    return open_ones[0] if len(open_ones) == 1 else TERMS.mkTerm(kind, *open_ones)


def negate(formula: Formula) -> Formula:
    """Its negation."""
    return not formula if isinstance(formula, bool) else TERMS.mkTerm(Kind.NOT, formula)


def same(one: Formula, other: Formula) -> Formula:
    """Whether both hold or neither does."""
    return any_of([all_of([one, other]), all_of([negate(one), negate(other)])])


def choose(condition: Formula, one: Text, other: Text) -> Text:
    """The one text if the condition holds, else the other."""
    if isinstance(condition, bool):
        return one if condition else other
    return TERMS.mkTerm(Kind.ITE, condition, term_of(one), term_of(other))


def term_of(value: Text) -> Term:
    """A text as a term."""
    return constant(value) if isinstance(value, str) else value


@lru_cache(maxsize=16384)
def constant(value: str) -> Term:
    """A constant; characters outside ASCII, and the backslash, are written as SMT-LIB escapes them."""
    escaped = "".join(c if " " <= c <= "~" and c != "\\" else f"\\u{{{ord(c):x}}}" for c in value)
    return TERMS.mkString(escaped, True)


def joined(parts: Iterable[Text]) -> Text:
    """Texts one after the other."""
    merged: list[Text] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif not isinstance(part, str) or part:
            merged.append(part)
    if not merged:
        return ""
    return merged[0] if len(merged) == 1 else TERMS.mkTerm(Kind.STRING_CONCAT, *map(term_of, merged))


def equal(one: Text, other: Text) -> Formula:
    """Whether two texts are the same."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return TERMS.mkTerm(Kind.EQUAL, term_of(one), term_of(other))


def lower(value: Text) -> Text:
    """The text in lower case, as ASCII has it."""
    return value.lower() if isinstance(value, str) else TERMS.mkTerm(Kind.STRING_TO_LOWER, value)


def no_longer(value: Text, most: int) -> Formula:
    """Whether a text has at most so many characters."""
    if isinstance(value, str):
        return len(value) <= most
    return TERMS.mkTerm(Kind.LEQ, TERMS.mkTerm(Kind.STRING_LENGTH, value), TERMS.mkInteger(most))


def at_most(one: Number, other: Number) -> Formula:
    """Whether the one number is not greater than the other."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one <= other
    return TERMS.mkTerm(Kind.LEQ, _real(one), _real(other))


def _real(value: Number) -> Term:
    return TERMS.mkReal(value.numerator, value.denominator) if isinstance(value, Fraction) else value


@dataclass(frozen=True, eq=False)
class Language:
    """A regular set of texts, as Python and cvc5 write it."""

    source: str
    build: Callable[[], Term]

    @cached_property
    def term(self) -> Term:
        """For cvc5; made when it is first needed."""
        return self.build()

    @cached_property
    def _whole(self) -> Callable[[str], object]:
        return re.compile(self.source, re.DOTALL | re.ASCII).fullmatch

    def __contains__(self, value: str) -> bool:
        return self._whole(value) is not None


def is_in(value: Text, language: Language) -> Formula:
    """Whether a text is of the language."""
    if isinstance(value, str):
        return value in language
    return TERMS.mkTerm(Kind.STRING_IN_REGEXP, value, language.term)


@lru_cache(maxsize=16384)
def exactly(value: str) -> Language:
    """That text alone."""
    return Language(re.escape(value), lambda: TERMS.mkTerm(Kind.STRING_TO_REGEXP, constant(value)))


def _composed(kind: Kind, languages: tuple[Language, ...], source: str) -> Language:
    if len(languages) == 1:
        return languages[0]
    return Language(source, lambda: TERMS.mkTerm(kind, *(one.term for one in languages)))


def sequence(*languages: Language) -> Language:
    """One after the other."""
    return _composed(Kind.REGEXP_CONCAT, languages, "".join(f"(?:{one.source})" for one in languages))


def either(*languages: Language) -> Language:
    """One of them."""
    return _composed(Kind.REGEXP_UNION, languages, "|".join(f"(?:{one.source})" for one in languages))


def one_of(texts: Iterable[str]) -> Language:
    """One of some texts."""
    return either(*map(exactly, texts))


def many(language: Language) -> Language:
    """Any number, none included."""
    return Language(f"(?:{language.source})*", lambda: TERMS.mkTerm(Kind.REGEXP_STAR, language.term))


def times(language: Language, least: int, most: int) -> Language:
    """So many."""
    return Language(
        f"(?:{language.source}){{{least},{most}}}",
        lambda: TERMS.mkTerm(TERMS.mkOp(Kind.REGEXP_LOOP, least, most), language.term),
    )


def characters(*ranges: str) -> Language:
    """One character of these ranges, each written as `a`, or `az` for all from a to z."""
    return either(*map(_range, ranges))


def _range(written: str) -> Language:
    first, last = written[0], written[-1]
    source = f"[{re.escape(first)}-{re.escape(last)}]"
    return Language(source, lambda: TERMS.mkTerm(Kind.REGEXP_RANGE, constant(first), constant(last)))


def ignoring_case(value: str) -> Language:
    """The text in any case, as ASCII has it."""
    return sequence(*(either(*map(exactly, sorted({c.lower(), c.upper()}))) for c in value)) if value else exactly("")


ANY_CHARACTER: Final = Language(".", lambda: TERMS.mkTerm(Kind.REGEXP_ALLCHAR))
ANYTHING: Final = Language(".*", lambda: TERMS.mkTerm(Kind.REGEXP_ALL))
NO_COLON: Final = characters("\x00" + "9", ";" + "\U0002ffff")
EMPTY: Final = exactly("")


def optional(language: Language) -> Language:
    """It, or nothing."""
    return either(EMPTY, language)


def some(language: Language) -> Language:
    """Any number, at least one."""
    return sequence(language, many(language))


def held_in(term: Term) -> Language:
    """The language of one open text: cvc5 alone can read it."""
    return Language("(?!)", lambda: TERMS.mkTerm(Kind.STRING_TO_REGEXP, term))
