"""Rules of names: no two tenants share one, and no two estates that share an account, unless all their naming is one.

Ids of tenants and names of workloads hold lower-case letters, digits and hyphens alone. So the last `/` or `_` before
an id ends what the estate puts before it: two aliases that are equal have the same beginning, and the same id. The
default `alias/tenant-{id}` begins with `alias/` in this reading, with which no other pattern may begin its ids. The
same holds for names of roles, whose prefix ends in `_`, and for a path whose folders after the first are no workload's.
"""

from __future__ import annotations

import re
from typing import Final

from tenant_keys.manifest.model import WORKLOAD_NAME, Manifest, Naming
from tenant_keys.manifest.rules import Report

DEFAULT: Final = Naming()
LONGEST_ROLE_NAME: Final = 64
"""Characters (IAM guide, reference_iam-quotas)."""
_WORKLOAD: Final = re.compile(WORKLOAD_NAME.removesuffix(r"\Z"))


def import_role_name(tenant_id: str, naming: Naming) -> str:
    """What the import role is called that the app makes for a tenant's custodian."""
    return f"{naming.role_prefix}import.{tenant_id}"


def check_naming(manifest: Manifest, report: Report) -> None:
    """Patterns that could be read in two ways, and names that AWS would refuse."""
    naming = manifest.naming
    _check_alias(naming.alias, report)
    _check_path(naming.role_path, report)
    if naming.role_prefix:
        _check_lengths(manifest, report)


def _check_alias(alias: str, report: Report) -> None:
    path, before = ("naming", "alias"), alias.removesuffix("{id}")
    if alias == DEFAULT.alias:
        return
    if not before.endswith(("/", "_")) or before == "alias/":
        fix = "end what is before {id} in / or _, after a name of the estate, such as alias/dev/{id}"
        report(path, f"got {alias}, which could match an alias of another estate; {fix}")
    elif before.casefold().startswith("alias/aws"):
        # KMS API, CreateAlias: "The alias name cannot begin with alias/aws/".
        report(path, f"got {alias}; alias/aws is reserved by AWS KMS, name another beginning")
    elif "//" in before:
        report(path, f"got {alias}; write one slash between two names")


def _check_path(role_path: str, report: Report) -> None:
    path = ("naming", "role_path")
    folders = role_path.strip("/").split("/")
    if role_path.casefold().startswith(("/aws", "/ssm")):
        # Systems Manager guide, sysman-paramstore-su-create: parameters cannot begin with aws or ssm; IAM keeps
        # /aws-service-role/ and /aws-reserved/.
        report(path, f"got {role_path}; AWS reserves paths that begin with aws or ssm, name another beginning")
    for folder in folders[1:]:
        if _WORKLOAD.fullmatch(folder) and len(folder) <= 16:
            fix = "give each folder after the first a capital letter or an underscore"
            report(path, f"got {role_path}, in which {folder} could be a workload of another estate; {fix}")
            return


def _check_lengths(manifest: Manifest, report: Report) -> None:
    """The prefix takes of the 64 characters of `tenant-<id>.<workload>`; names without an id are 60 at most."""
    prefix, central = manifest.naming.role_prefix, manifest.defaults.workloads
    per_tenant = {name for name, workload in manifest.workloads.items() if workload.access == "tenant-role"}
    for tenant_id, tenant in manifest.tenants.items():
        serving = per_tenant.intersection(central if tenant.workloads is None else tenant.workloads)
        longest = max(serving, key=len, default=None)
        if longest is not None:
            _check_length(f"{prefix}tenant-{tenant_id}.{longest}", ("tenants", tenant_id), report)
        if tenant.key.custodian is not None:
            _check_length(import_role_name(tenant_id, manifest.naming), ("tenants", tenant_id, "key"), report)


def _check_length(name: str, path: tuple[str, ...], report: Report) -> None:
    if len(name) > LONGEST_ROLE_NAME:
        message = f"its role {name} has {len(name)} characters; allowed: {LONGEST_ROLE_NAME}"
        report(path, f"{message}; shorten naming.role_prefix, or the name")
