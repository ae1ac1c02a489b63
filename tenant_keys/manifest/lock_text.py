"""Reads `tenants.lock` as git may have merged it: any order, and the same line twice, but never two truths."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from tenant_keys.aws_facts.quotas import TEMPLATE_RESOURCES
from tenant_keys.manifest.errors import LockError, Problem
from tenant_keys.manifest.json_line import parse_json_line
from tenant_keys.manifest.lock import VERSION, Capacity, Entry, KeyAccount, Lock, Registration
from tenant_keys.manifest.model import TENANT_ID, WORKLOAD_NAME, Naming
from tenant_keys.manifest.opaque_names import OPAQUE_NAME

MOST_CELLS = 100_000
LARGEST = 64 * 1024 * 1024
MULTI_REGION_KEY = re.compile(r"mrk-[0-9a-f]{32}")
_TENANT = re.compile(r"(?=.{1,40}\Z)" + TENANT_ID)
_WORKLOAD = re.compile(WORKLOAD_NAME)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_ACCOUNT = re.compile("[0-9]{12}")
_KEY_ACCOUNT = re.compile("[a-z][a-z0-9]{0,15}")
_MERGE = "run tenant-keys lock --merge"
_RESTORE = "restore the line from git"


@dataclass(frozen=True, slots=True)
class LockLines:
    """A lock file as read: an id may have several lines after a merge."""

    header: Lock
    """Without entries."""
    entries: dict[str, list[Entry]]
    lines: dict[str, int]
    """Line number of the first line of each tenant."""


def read_lock(path: Path) -> Lock:
    """The lock in the file; raises `LockError`."""
    return parse_lock(read_lock_text(path), path.name)


def read_lock_text(path: Path) -> str:
    """The text of the file; raises `LockError` where it cannot be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise LockError([Problem((), "larger than 64 MB; restore it from git", 0, path.name)])
        return data.decode("utf-8")
    except FileNotFoundError:
        raise LockError([Problem((), "no such file; run tenant-keys lock, and commit it", 0, path.name)]) from None
    except OSError as error:
        raise LockError([Problem((), f"{(error.strerror or 'cannot be read').lower()}", 0, path.name)]) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LockError([Problem((), "not UTF-8; restore it from git", line, path.name)]) from None


def parse_lock(text: str, name: str = "tenants.lock") -> Lock:
    """The lock in a text; two different lines of one tenant are an error."""
    read = parse_lines(text, name)
    twice = [
        Problem((tenant,), f"two different lines; {_MERGE}", read.lines[tenant], name)
        for tenant, entries in read.entries.items()
        if len(entries) > 1
    ]
    twice += _named_twice(read, name) + _in_no_account(read, name)
    if twice:
        raise LockError(twice)
    return with_entries(read.header, {tenant: entries[0] for tenant, entries in read.entries.items()})


def _named_twice(read: LockLines, name: str) -> list[Problem]:
    """Two tenants with one opaque name would have one alias: a line was copied by hand."""
    first: dict[str, str] = {}
    problems = []
    for tenant, entries in read.entries.items():
        for entry in entries:
            if entry.name is not None and first.setdefault(entry.name, tenant) != tenant:
                message = f"its name is that of {first[entry.name]} too; restore the line from git"
                problems.append(Problem((tenant,), message, read.lines[tenant], name))
    return problems


def _in_no_account(read: LockLines, name: str) -> list[Problem]:
    """A tenant in a key account that the header does not have would have a key in no account."""
    return [
        Problem((tenant,), f"its key account {entry.key_account} is not in the header; {_RESTORE}", line, name)
        for tenant, entries in read.entries.items()
        for entry, line in ((one, read.lines[tenant]) for one in entries)
        if entry.key_account is not None and entry.key_account not in read.header.further
    ]


def with_entries(header: Lock, entries: dict[str, Entry]) -> Lock:
    """The lock with these entries, sorted."""
    return replace(header, entries=dict(sorted(entries.items())))


def parse_lines(text: str, name: str = "tenants.lock") -> LockLines:
    """Every line of the file; exact duplicates once."""
    problems: list[Problem] = []
    header: Lock | None = None
    entries: dict[str, list[Entry]] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
            message = f"a conflict marker; keep the lines of both sides, delete the markers, then {_MERGE}"
            problems.append(Problem((), message, number, name))
            continue
        try:
            record = parse_json_line(line)
            _expect("it", isinstance(record, dict))
            if "version" in record:
                found = _header(record)
                if header is not None and found != header:
                    problems.append(Problem((), "a second header that differs from the first; keep one", number, name))
                header = found
            else:
                entry = _entry(record)
                known = entries.setdefault(entry.tenant, [])
                lines.setdefault(entry.tenant, number)
                if entry not in known:
                    known.append(entry)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            problems.append(Problem((), _reason(error), number, name))
    if header is None and not problems:
        problems.append(Problem((), "no header line; restore the file from git", 1, name))
    if problems or header is None:
        raise LockError(problems)
    return LockLines(header, entries, lines)


def _reason(error: Exception) -> str:
    fix = "restore the line from git, do not edit the file by hand"
    if isinstance(error, json.JSONDecodeError | RecursionError):
        return f"not a line of JSON; {fix}"
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing; {fix}"
    return f"{error}; {fix}" if isinstance(error, ValueError) else f"not a lock line; {fix}"


def _header(record: dict[str, Any]) -> Lock:
    if record["version"] != VERSION:
        raise ValueError(f"got version {record['version']!r}, this program reads version {VERSION}")
    fixed = {"version", "account", "home_region", "capacity"}
    _expect("header", set(record) - {"naming", "key_accounts"} == fixed)
    _expect("account", _ACCOUNT.fullmatch(record["account"]))
    _expect("home_region", _REGION.fullmatch(record["home_region"]))
    capacity = record["capacity"]
    return Lock(
        record["account"],
        record["home_region"],
        {},
        _capacity(capacity["keys"], TEMPLATE_RESOURCES // 2),
        _capacity(capacity["roles"], TEMPLATE_RESOURCES),
        _naming(record.get("naming", {})),
        _further(record["account"], record["key_accounts"]) if "key_accounts" in record else {},
    )


def _further(first: str, record: dict[str, Any]) -> dict[str, KeyAccount]:
    found = {}
    _expect("key_accounts", isinstance(record, dict) and record)
    for name, one in record.items():
        _expect("key_accounts", isinstance(one, dict) and one.keys() == {"account", "home_region"})
        _expect("key_accounts", _KEY_ACCOUNT.fullmatch(name))
        _expect("key_accounts", _ACCOUNT.fullmatch(one["account"]) and _REGION.fullmatch(one["home_region"]))
        found[name] = KeyAccount(one["account"], one["home_region"])
    _expect("key_accounts", len({first, *(one.account for one in found.values())}) == len(found) + 1)
    return dict(sorted(found.items()))


def _naming(record: object) -> Naming:
    try:
        return msgspec.convert(record, Naming)
    except msgspec.ValidationError:
        raise ValueError("naming differs from what this program writes") from None


def _capacity(record: dict[str, Any], limit: int) -> Capacity:
    fill, most = record["fill"], record["most"]
    _expect("capacity", type(fill) is int and type(most) is int and 1 <= fill <= most <= limit)
    return Capacity(fill, most)


_FIELDS = {"tenant", "cell", "origin", "multi_region", "primary_region", "roles"}
_OPTIONAL = {"key_id", "phase", "rotation_days", "name", "held", "key_account"}
_NONCE = re.compile(r"[0-9a-f]{32}")
_HELD_KEY = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:key/[0-9a-z-]{36}")


def _entry(record: dict[str, Any]) -> Entry:
    if record.keys() - _OPTIONAL != _FIELDS:
        unexpected = sorted((record.keys() - _OPTIONAL) ^ _FIELDS)
        raise ValueError(f"missing or unknown: {', '.join(unexpected)[:100]}")
    tenant, cell, roles = record["tenant"], record["cell"], record["roles"]
    _expect("tenant", _TENANT.match(tenant))
    _expect("cell", type(cell) is int and 1 <= cell <= MOST_CELLS)
    _expect("origin", record["origin"] in ("aws-kms", "imported", "held"))
    _expect("multi_region", type(record["multi_region"]) is bool)
    _expect("primary_region", _REGION.fullmatch(record["primary_region"]))
    _expect("roles", isinstance(roles, dict))
    for workload, number in roles.items():
        _expect("roles", _WORKLOAD.match(workload) and type(number) is int and 1 <= number <= MOST_CELLS)
    key_id, phase = record.get("key_id"), record.get("phase")
    if "key_id" in record:
        _expect("key_id", MULTI_REGION_KEY.fullmatch(key_id or "") and record["multi_region"])
    if "phase" in record:
        _expect("phase", phase in ("offboarding", "offboarded"))
    days = record.get("rotation_days")
    if "rotation_days" in record:
        _expect("rotation_days", days == "off" or (type(days) is int and 90 <= days <= 2560))
    name = record.get("name")
    if "name" in record:
        _expect("name", isinstance(name, str) and OPAQUE_NAME.fullmatch(name))
    held = _registration(record["held"]) if "held" in record else None
    _expect("held", held is None or record["origin"] == "held")
    account = record.get("key_account")
    if "key_account" in record:
        _expect("key_account", isinstance(account, str) and _KEY_ACCOUNT.fullmatch(account))
    creation = (record["origin"], record["multi_region"], record["primary_region"])
    return Entry(tenant, cell, *creation, roles, key_id, phase, days, name, held, account)


def _registration(record: object) -> Registration:
    _expect("held", isinstance(record, dict) and record.keys() <= {"nonce", "verified", "active"})
    found: dict[str, Any] = record  # type: ignore[assignment]  # as was expected above
    nonce = found.get("nonce")
    _expect("held", nonce is None or _NONCE.fullmatch(nonce))
    arns: list[dict[str, str]] = [found.get("verified", {}), found.get("active", {})]
    for each in arns:
        _expect("held", isinstance(each, dict))
        for region, arn in each.items():
            match = _HELD_KEY.fullmatch(arn)
            _expect("held", match and match[1] == region)
    return Registration(nonce, *arns)


def _expect(what: str, holds: object) -> None:
    if not holds:
        raise ValueError(f"{what} differs from what this program writes")
