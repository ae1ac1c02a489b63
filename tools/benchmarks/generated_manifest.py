"""Manifests of any size for the benchmarks: realistic, and the same text for the same arguments."""

from __future__ import annotations

HEAD = """\
# yaml-language-server: $schema=./docs/tenants.schema.json
organization: o-a1b2c3d4e5

central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [{regions}]
  administrators: [role/KeyAdministrator]
  readers: [role/SecurityAudit]
  break_glass: role/KeyBreakGlass
{quotas}
identity_providers:
  customers: {{issuer: https://login.example.com}}

workloads:
  orders:
    account: "222222222222"
    runs_on: lambda
    access: {access}
  billing:
    account: "333333333333"
    runs_on: ecs
    access: session-tag
    operations: [decrypt]
  portal:
    account: "222222222222"
    access: web-identity
    identity_provider: customers
    audience: portal-keys

defaults:
  workloads: [orders]
  rotation_days: 365
  deletion_window_days: 30

tenants:
"""


def manifest_text(
    tenants: int,
    access: str = "session-tag",
    regions: tuple[str, ...] = ("eu-west-1", "eu-central-1"),
    iam_roles: int = 1_000,
) -> str:
    """A manifest of so many tenants; with `access="tenant-role"` at most as many as `iam_roles` allows."""
    quotas = "" if iam_roles == 1_000 else f"  quotas: {{iam_roles: {iam_roles}}}\n"
    head = HEAD.format(regions=", ".join(regions), access=access, quotas=quotas)
    return head + "".join(_tenant(number) for number in range(tenants))


def _tenant(number: int) -> str:
    """Of twenty tenants twelve use every workload alike, the others have something of their own."""
    name = f"tenant-{number:05d}"
    lines = [f"  {name}:"]
    match number % 20:
        case 3:
            lines += ["    workloads: [orders, billing]", "    state: suspended"]
        case 5:
            lines += ["    workloads: [orders, billing]", "    key: {multi_region: true}"]
        case 7:
            lines += [
                "    workloads: [orders, billing, portal]",
                "    rotation_days: 180",
                "    tags: {plan: enterprise}",
            ]
        case 9:
            lines += ["    workloads: [billing, orders]", "    decrypt_by: key"]
        case 11:
            lines += [f"    key: {{origin: imported, import_role: role/{name}-key-import}}"]
        case 13:
            lines += ["    workloads: [orders]", "    rotation_days: off", "    tags: {plan: trial}"]
        case 17 if number % 200 == 17:
            lines += ["    state: offboarding"]
        case _:
            lines += ["    workloads: [orders, billing]"]
    return "\n".join(lines) + "\n"
