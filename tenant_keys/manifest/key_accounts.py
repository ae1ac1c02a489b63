"""Several key accounts in one manifest: `central` is a list, and each account has tenants and workloads of its own.

Each account with its tenants and workloads is read as a manifest of one key account, so every rule holds for it as it
does for an estate that has no other. What only several accounts can break is checked here: no account, workload or
tenant has two parts to play.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

import msgspec

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest.allowed import KEY_ACCOUNT_NAME
from tenant_keys.manifest.consistency import inconsistencies
from tenant_keys.manifest.errors import Path, Problem
from tenant_keys.manifest.model import Manifest, Naming
from tenant_keys.manifest.rules import Problems, Report, role_name, unknown
from tenant_keys.manifest.shown import show

KEY_ACCOUNT: Final = "key_account"
"""Field of a workload or tenant: the name of its key account."""
NAME: Final = re.compile(r"[a-z][a-z0-9]{0,15}")
LONGEST_PREFIX: Final = 32
"""Characters of `naming.stack_prefix`, with the name of the key account where there is one."""
Manifests = Mapping[str | None, Manifest]
"""The manifest of each key account by the account's name, in the order of the list; None: `central` is one mapping."""
_OF_ONE_ACCOUNT: Final = {"identity_provider", "import_role"}
"""Fields whose rules between two workloads or tenants hold in one key account: providers and roles are in it."""


class Share(msgspec.Struct, frozen=True):
    """What a manifest says of one key account, as a manifest of that account alone."""

    name: str
    index: int
    """In the list `central`."""
    document: Mapping[str, Any]

    def path_in_whole(self, path: Path) -> Path:
        """Where a path of the share is in the manifest."""
        if path[:1] == ("central",):
            return ("central", self.index, *path[1:])
        # The share's list holds the workloads of its account alone.
        return path[:2] if path[:2] == ("defaults", "workloads") else path


def lists_key_accounts(document: object) -> TypeGuard[dict[str, Any]]:
    """Whether `central` is a list."""
    return isinstance(document, dict) and isinstance(document.get("central"), tuple)


def shares_of(document: Mapping[str, Any]) -> tuple[list[Share], list[Problem]]:
    """The share of each key account; none where names of accounts, or what refers to them, are wrong."""
    findings = Problems()
    names = _names(document["central"], findings.report)
    if findings.problems or not names:
        return [], findings.problems
    workloads = _by_account(document, "workloads", names, findings.report)
    tenants = _by_account(document, "tenants", names, findings.report)
    _check_served(workloads, tenants, findings.report)
    for index, name in enumerate(names):
        for what, found in (("workload", workloads[name]), ("tenant", tenants[name])):
            if not found and isinstance(document.get(f"{what}s"), dict):
                message = f"no {what} has key_account: {name}; add one, or remove the key account"
                findings.report(("central", index), message)
    if findings.problems:
        return [], findings.problems
    shares = [
        Share(name, index, _share(document, index, workloads[name], tenants[name])) for index, name in enumerate(names)
    ]
    return shares, []


def _names(accounts: tuple[object, ...], report: Report) -> list[str]:
    if not accounts:
        report(("central",), "got an empty list; allowed: a mapping, or a list of key accounts, each with a name")
    names: list[str] = []
    numbers: dict[object, str] = {}
    for index, account in enumerate(accounts):
        path: Path = ("central", index)
        if not isinstance(account, dict):
            report(path, f"got {show(account)}; allowed: a mapping with the name of the key account and its fields")
            continue
        name = account.get("name")
        if "name" not in account:
            report((*path, "name"), f"missing; in a list each key account has a name: {KEY_ACCOUNT_NAME}")
        elif not isinstance(name, str) or not NAME.fullmatch(name):
            report((*path, "name"), f"got {show(name)}; allowed: {KEY_ACCOUNT_NAME}")
        elif name in names:
            report((*path, "name"), f"got {name} twice; each key account has a name of its own")
        else:
            names.append(name)
            number = account.get("account")
            if isinstance(number, str) and numbers.setdefault(number, name) != name:
                report((*path, "account"), f"got {number}, the account of {numbers[number]}; list an account once")
    return names


def _by_account(
    document: Mapping[str, Any], field: str, names: list[str], report: Report
) -> dict[str, dict[str, object]]:
    """The entries of a mapping by key account, without the name of the account."""
    found: dict[str, dict[str, object]] = {name: {} for name in names}
    entries = document.get(field)
    for key, entry in entries.items() if isinstance(entries, dict) else ():
        named = entry.get(KEY_ACCOUNT, names[0]) if isinstance(entry, dict) else names[0]
        if not isinstance(named, str) or named not in found:
            got = named if isinstance(named, str) else show(named)
            report((field, key, KEY_ACCOUNT), unknown(got, names, "name of a key account in central"))
            continue
        if isinstance(entry, dict) and KEY_ACCOUNT in entry:
            entry = {name: value for name, value in entry.items() if name != KEY_ACCOUNT}  # noqa: PLW2901 - the rest
        found[named][key] = entry
    return found


def _check_served(
    workloads: Mapping[str, Mapping[str, object]],
    tenants: Mapping[str, Mapping[str, object]],
    report: Report,
) -> None:
    """A workload uses keys of its own key account alone."""
    serves = {workload: account for account, names in workloads.items() for workload in names}
    for account, entries in tenants.items():
        for tenant, entry in entries.items():
            named = entry.get("workloads") if isinstance(entry, dict) else None
            for index, workload in enumerate(named if isinstance(named, tuple) else ()):
                other = serves.get(workload, account) if isinstance(workload, str) else account
                if other != account:
                    message = f"got {workload}, a workload of the key account {other}; the key of {tenant} is in"
                    fix = f"name workloads with key_account: {account}"
                    report(("tenants", tenant, "workloads", index), f"{message} {account}: {fix}")


def _share(
    document: Mapping[str, Any], index: int, workloads: Mapping[str, object], tenants: Mapping[str, object]
) -> dict[str, Any]:
    central = {field: value for field, value in document["central"][index].items() if field != "name"}
    share = {**document, "central": central}
    # A mapping that is missing or of another kind is what every share says about it.
    share |= {"workloads": workloads} if isinstance(document.get("workloads"), dict) else {}
    share |= {"tenants": tenants} if isinstance(document.get("tenants"), dict) else {}
    defaults = document.get("defaults")
    if isinstance(defaults, dict) and isinstance(defaults.get("workloads"), tuple):
        every = document.get("workloads")
        others = set(every if isinstance(every, dict) else ()) - set(workloads)
        own = tuple(one for one in defaults["workloads"] if not (isinstance(one, str) and one in others))
        share["defaults"] = {**defaults, "workloads": own}
    return share


def check_together(manifests: Manifests) -> list[Problem]:
    """What is wrong between key accounts whose shares are right each by itself."""
    findings = Problems()
    _check_common(manifests, findings.report)
    for index, (name, manifest) in enumerate(manifests.items()):
        prefix = manifest.naming.stack_prefix
        if index and len(stack_prefix(manifest.naming, str(name))) > LONGEST_PREFIX:
            message = f"its stacks begin with {prefix}-{name}; allowed: {LONGEST_PREFIX} characters"
            findings.report(("central", index, "name"), f"{message}; choose a shorter name")
        others = {other.central.account: str(each) for each, other in manifests.items() if each != name}
        findings.problems += _foreign(manifest, others)
    shared = {one.path: one for one in _shared_roles(manifests)}
    findings.problems += [*(one for one in _between_accounts(manifests) if one.path not in shared), *shared.values()]
    return findings.problems


def _check_common(manifests: Manifests, report: Report) -> None:
    first = next(iter(manifests.values())).central
    for index, manifest in enumerate(manifests.values()):
        central = manifest.central
        if central.bootstrap_qualifier != first.bootstrap_qualifier:
            message = f"got {central.bootstrap_qualifier}, beside {first.bootstrap_qualifier} of the first key account"
            report(("central", index, "bootstrap_qualifier"), f"{message}; bootstrap all accounts with one qualifier")
        partition, its = partition_of(central.home_region), partition_of(first.home_region)
        if partition != its:
            message = f"got {central.home_region} of the partition {partition}, beside {first.home_region} of {its}"
            report(("central", index, "home_region"), f"{message}; make one estate for each partition")


def _foreign(manifest: Manifest, others: Mapping[str, str]) -> Iterator[Problem]:
    """Another key account in a part that no key account plays."""
    places: list[tuple[Path, str]] = [
        (("workloads", name, "account"), workload.account) for name, workload in manifest.workloads.items()
    ]
    for name, tenant in manifest.tenants.items():
        path: Path = ("tenants", name, "key")
        if tenant.key.custodian is not None:
            places.append(((*path, "custodian", "account"), tenant.key.custodian.account))
        places += [((*path, "arns", region), arn.split(":")[4]) for region, arn in tenant.key.arns.items()]
    if manifest.guardrails is not None:
        places.append((("guardrails", "management_account"), manifest.guardrails.management_account))
    for path, account in places:
        if account in others:
            message = f"got {account}, the key account {others[account]}"
            yield Problem(path, f"{message}, which holds its tenants' keys and nothing else; name another account")


def _between_accounts(manifests: Manifests) -> Iterator[Problem]:
    """Rules between two workloads or two tenants, which hold for those of different key accounts too."""
    first = next(iter(manifests.values()))
    regions = tuple(dict.fromkeys(region for one in manifests.values() for region in one.central.regions))
    whole = msgspec.structs.replace(
        first,
        central=msgspec.structs.replace(first.central, account="0" * 12, regions=regions),
        workloads={name: each for one in manifests.values() for name, each in one.workloads.items()},
        tenants={name: each for one in manifests.values() for name, each in one.tenants.items()},
    )
    for problem in inconsistencies(whole):
        if problem.path[0] in ("workloads", "tenants") and problem.path[-1] not in _OF_ONE_ACCOUNT:
            yield problem


def _shared_roles(manifests: Manifests) -> Iterator[Problem]:
    """Roles that run workloads of two key accounts: a session of one would reach into both."""
    holders: dict[tuple[str, str], tuple[str | None, str]] = {}
    for name, manifest in manifests.items():
        for workload, written in manifest.workloads.items():
            if written.role is None:
                continue
            account, other = holders.setdefault((written.account, role_name(written.role)), (name, workload))
            if account != name:
                message = f"got {written.role}, the role of {other}, which uses keys of the key account {account}"
                yield Problem(("workloads", workload, "role"), f"{message}; give each key account a role of its own")


def stack_prefix(naming: Naming, key_account: str) -> str:
    """What the names of the stacks of a further key account begin with."""
    return f"{naming.stack_prefix}-{key_account}"
