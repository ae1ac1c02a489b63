"""Where records are, and the one name that they are bound to, however their table or bucket is reached.

A table has a name and an ARN; a bucket has a name, and access points with ARNs and aliases. A copy of either
(restored, replicated, renamed) has another name. A `Place` declares which of these are one place; nothing else makes
two names one.

    ORDERS = Place("orders", at=("orders", "orders-restored-2026-11-02"))
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}\Z", re.ASCII)
_TABLE_ARN = re.compile(
    r"arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/(?P<name>[A-Za-z0-9_.-]{3,255})\Z", re.ASCII
)
"""DynamoDB takes it wherever it takes a table's name (DynamoDB API reference, TableName)."""
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}\Z", re.ASCII)
"""Names of general purpose and directory buckets, and the longer ones that us-east-1 gave out until 2018."""
_NOT_A_BUCKET = ("-s3alias", "--ol-s3", ".mrap", "--xa-s3", "--table-s3")
"""Ends of the aliases of access points and of tables' buckets, which no bucket's name may have (S3 user guide, bucket
naming rules)."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of records.

    `name`: what records are bound to when they are written. `at`: every table or bucket that is this place, by each
    name, ARN or access point that the code gives; another one is refused. `formerly`: names that records which are here
    may still be bound to, until the job `Work.REBIND` has bound them to `name`.
    """

    name: str
    at: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.match(self.name):
            raise ValueError(f"place: got {self.name!r}; expected letters, digits, '.', '_' and '-'")
        for what in ("at", "formerly"):
            given = getattr(self, what)
            if isinstance(given, str) or not all(isinstance(one, str) and one for one in given):
                raise ValueError(f"place {self.name}: {what}: got {given!r}; expected a tuple of names or ARNs")
            object.__setattr__(self, what, tuple(given))
        if self.name in self.formerly:
            raise ValueError(f"place {self.name}: formerly: got {self.name!r}, the name that it has now")
        for former in self.formerly:
            if "/" in former and not former.startswith("arn:"):
                raise ValueError(f"place {self.name}: formerly: got {former!r}; expected the name of a table or bucket")
        if not self.at:
            object.__setattr__(self, "at", (self.name,))


def table_names(table: str, place: Place | None = None) -> tuple[str, ...]:
    """The names that an item of this table may be bound to; the first is the one to bind it to.

    `table` is a name or an ARN. An ARN means the table's name, so that a replica of a global table reads the same
    records; 0.1.0 bound items to the ARN itself where one was given, hence the second name.

    Raises:
        ValueError: an ARN that is not a table's, or a table that the place does not declare.
    """
    name = _table_name(table)
    given = (table,) if name != table else ()
    if place is None:
        return (name, *given)
    if not {name, table} & set(place.at):
        raise ValueError(_undeclared("table", table, place))
    return _distinct(place.name, *place.formerly, *given)


def bucket_names(bucket: str, place: Place | None = None, *, writing: bool) -> tuple[str, ...]:
    """The names that an object of this bucket may be bound to; the first is the one to bind it to.

    An access point does not say which bucket it leads to, so it needs a place. Without one it is read as 0.1.0 wrote
    it, bound to the access point itself, and never written.

    Raises:
        ValueError: an access point to write through without a place, or a bucket that the place does not declare.
    """
    if place is not None:
        if bucket not in place.at:
            raise ValueError(_undeclared("bucket", bucket, place))
        return _distinct(place.name, *place.formerly, *(() if _is_bucket(bucket) else (bucket,)))
    if not writing or _is_bucket(bucket):
        return (bucket,)
    raise ValueError(
        f"bucket: got {bucket!r}, which is not a bucket's name: its objects would decrypt under no other name; declare "
        f"place=Place(name of the bucket, at=({bucket!r}, ...))"
    )


def _table_name(table: str) -> str:
    if not isinstance(table, str) or not table:
        raise ValueError(f"table: got {table!r}; expected a table's name or ARN")
    if not table.startswith("arn:"):
        return table
    if found := _TABLE_ARN.match(table):
        return found["name"]
    raise ValueError(f"table: got {table!r}; expected a table's name, or arn:aws:dynamodb:REGION:ACCOUNT:table/NAME")


def _is_bucket(bucket: str) -> bool:
    return isinstance(bucket, str) and bool(_BUCKET.match(bucket)) and not bucket.endswith(_NOT_A_BUCKET)


def _undeclared(what: str, given: str, place: Place) -> str:
    return f"{what}: got {given!r}; place {place.name!r} is declared at {', '.join(place.at)}; add it if it is the same"


def _distinct(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
