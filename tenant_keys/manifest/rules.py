"""What the rules that need two fields or more have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tenant_keys.aws_facts.identity_center import permission_set_of
from tenant_keys.aws_facts.regions import is_region, partition_of, regions
from tenant_keys.manifest.errors import Path, Problem
from tenant_keys.manifest.model import Central, Naming
from tenant_keys.manifest.shown import did_you_mean

Report = Callable[[Path, str], None]

MOST_LISTED = 10
"""Names that an error lists as allowed."""
PERMISSION_SET = "permission-set/"
PIPELINE = "role/tenant-keys-pipeline"
"""Made by hand for the pipeline (docs/pipeline.md); it may read keys, and holds no other power over them."""
_OWN_NAME = re.compile(
    r"([a-z0-9-]+_)?((tenant-[a-z0-9-]+|shared|import)\.[a-z0-9-]+|tenant-keys-[a-z0-9-]+(\.[a-z0-9-]+)*)"
)
"""Of this estate, or of another in the same account, whose names have a prefix of their own."""


class Problems:
    """Collects problems: `report(path, message)`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, path: Path, message: str) -> None:
        self.problems.append(Problem(path, message))


def repeated(values: Iterable[str], path: Path, report: Report) -> None:
    """No list names anything twice."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            report((*path, index), f"got {value} twice; remove one")
        seen.add(value)


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """`got orderz; no such workload; did you mean orders?`."""
    names = sorted(known)
    listed = ", ".join([*names[:MOST_LISTED], *(["..."] if names[MOST_LISTED:] else [])])
    allowed = f"allowed: {listed}" if names else "none is defined"
    return f"got {name}, which is not a {what}{did_you_mean(name, names)}; {allowed}"


def check_region(region: str, path: Path, report: Report) -> bool:
    """Whether AWS has the Region; reports it where AWS has not."""
    if is_region(region):
        return True
    near = did_you_mean(region, list(regions()))
    report(path, f"got {region}, which is not an AWS Region that this version knows{near}; correct it, or upgrade")
    return False


def one_partition(region: str, other: str, path: Path, report: Report) -> bool:
    """Whether two Regions are of one partition; reports the first where they are not."""
    partition, its = partition_of(region), partition_of(other)
    if partition == its or not is_region(other):
        return True
    message = f"got {region} of the partition {partition}, beside {other} of {its}"
    report(path, f"{message}; accounts are of one partition each: make one estate for each partition")
    return False


def role_name(reference: str) -> str:
    """What makes a role unique in its account: the name without the path, ignoring case; a set's is one whatever its
    suffix.
    """
    name = reference.rsplit("/", 1)[-1]
    permission_set = name if reference.startswith(PERMISSION_SET) else permission_set_of(name)
    return (name if permission_set is None else f"{PERMISSION_SET}{permission_set}").casefold()


def own_role(reference: str, path: Path, naming: Naming, report: Report) -> None:
    """No role of the manifest is one that the app makes."""
    own_path = f"role{naming.role_path}".casefold()
    if reference.casefold().startswith(own_path) or _OWN_NAME.fullmatch(role_name(reference)):
        report(path, f"got {reference}, the name of a role that this app creates; name another")


def linked(reference: str) -> str:
    """What is wrong with a service-linked role: nobody but its AWS service assumes it (IAM guide)."""
    own = reference.casefold().startswith("role/aws-service-role/") or role_name(reference).startswith(
        "awsservicerolefor"
    )
    return "a service-linked role, which only its AWS service assumes" if own else ""


def execution_roles(central: Central) -> tuple[str, ...]:
    """The roles that deploy, as references: as written, or the CDK's CloudFormation execution role of each Region."""
    if central.deployment_roles != "default":
        return central.deployment_roles
    prefix = f"role/cdk-{central.bootstrap_qualifier}-cfn-exec-role-{central.account}"
    return tuple(f"{prefix}-{region}" for region in dict.fromkeys(central.regions))
