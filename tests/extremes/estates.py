"""Manifests at the edge of what the manifest allows, each in one direction, and one in all."""

from __future__ import annotations

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.lock import Capacity, Lock
from tenant_keys.manifest.update import new_lock, record_key_ids, update
from tenant_keys.policy.template_size import reserved_sizes

REGIONS = (
    *("ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-central-1"),
    *("ap-southeast-3", "ap-southeast-4", "eu-west-1", "us-east-1"),
)
"""Eight; five of them with names as long as they come."""
QUALIFIER = "q" * 10
TAGS = {f"{'k' * 125}{number:03d}": "v" * 256 for number in range(47)}
CA = "arn:aws:acm-pca:ap-southeast-1:{account}:certificate-authority/12345678-1234-1234-1234-{number:012d}"


def tenant_id(number: int) -> str:
    """40 characters."""
    return f"t{number:039d}"


def workload(number: int) -> str:
    """16 characters."""
    return f"w{number:015d}"


def flow(tags: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in tags.items()) + "}"


def manifest(
    workloads: list[str],
    tenants: list[str],
    *,
    regions: tuple[str, ...] = REGIONS[:2],
    roles: str = "role/" + "p" * 200 + "/" + "r" * 60,
    **more: str,
) -> str:
    """The text, with names of the greatest length everywhere; `roles`: how the names of central roles begin."""
    top = "".join(f"{name}: {value}\n" for name, value in more.items())
    return f"""\
organization: o-{"a" * 32}
{top}central:
  account: "111111111111"
  home_region: {regions[0]}
  regions: [{", ".join(regions)}]
  administrators: [{roles}admi]
  readers: [{roles}read]
  break_glass: {roles}brea
  bootstrap_qualifier: {QUALIFIER}
workloads:
{"".join(f"  {each}" + chr(10) for each in workloads)}tenants:
{"".join(f"  {each}" + chr(10) for each in tenants)}"""


def lambdas(number: int) -> list[str]:
    return [f'{workload(n)}: {{account: "222222222222", runs_on: lambda}}' for n in range(number)]


def places(number: int) -> list[str]:
    """So many workloads, on every place and with every access in turn, each name as long as its field takes."""
    pod = f"cluster: {'c' * 100}, namespace: {'n' * 63}, service_account: {'s' * 250}"
    certificate = f'certificate_authority: "{CA}", common_name: {"x" * 64}'
    issuer = "o" * 60 + ".example.com/" + "i" * 180
    irsa = f"oidc_provider: {issuer}, namespace: {'n' * 63}, service_account: {'s' * 250}"
    kinds = (
        'account: "{account}", runs_on: lambda',
        'account: "{account}", runs_on: ecs, access: session-tag',
        f'account: "{{account}}", runs_on: eks, pod_identity: {{{{{pod}{{number:03d}}}}}}',
        f'account: "{{account}}", runs_on: eks, irsa: {{{{{irsa}{{number:03d}}}}}}',
        'account: "{account}", runs_on: ec2',
        'account: "{account}", runs_on: batch, operations: [encrypt, decrypt, re-encrypt]',
        f'account: "{{account}}", runs_on: roles-anywhere, roles_anywhere: {{{{{certificate}}}}}',
        f'account: "{{account}}", runs_on: existing-role, role: role/{"p" * 400}/{"e" * 64}',
        f'account: "{{account}}", access: web-identity, identity_provider: login, audience: {"a" * 250}{{number:03d}}',
    )
    accounts = ("222222222222", "333333333333", "444444444444")
    return [
        f"{workload(n)}: {{{kinds[n % len(kinds)].format(account=accounts[n % 3], number=n)}}}" for n in range(number)
    ]


def estate_from(text: str, *, by_number: bool = False, cell: int | None = None) -> Estate:
    """The estate as `tenant-keys lock` makes it, every multi-Region key recorded.

    `cell`: tenants of one cell, as two merged branches may have filled it.
    """
    model = parse_manifest(text)
    lock = new_lock(model)
    if cell is not None:
        lock = Lock(lock.account, lock.home_region, {}, Capacity(cell, cell), Capacity(300, 300))
    lock, _ = update(model, lock, None if by_number else reserved_sizes)
    ids = [name for name, entry in lock.entries.items() if entry.multi_region]
    return resolve(model, record_key_ids(lock, {name: f"mrk-{n:032x}" for n, name in enumerate(ids)}))


ISSUER = "https://" + "l" * 60 + ".example.com/" + "t" * 170


def all_at_once(tenants: int) -> Estate:
    return estate_from(
        manifest(
            places(9),
            [
                f"{tenant_id(n)}: {{workloads: [{', '.join(map(workload, range(9)))}], key: {{origin: imported, "
                f"multi_region: true, import_role: role/{'p' * 200}/{'i' * 40}{n:03d}, expires: dated}}}}"
                for n in range(tenants)
            ],
            regions=REGIONS,
            tags=flow(TAGS),
            identity_providers=f'{{login: {{issuer: "{ISSUER}"}}}}',
        )
    )


ESTATES = {
    "longest names, every place": lambda: estate_from(
        manifest(
            places(9),
            [f"{tenant_id(n)}: {{workloads: [{', '.join(map(workload, range(9)))}]}}" for n in range(3)],
            identity_providers=f'{{login: {{issuer: "{ISSUER}"}}}}',
        )
    ),
    "most tags": lambda: estate_from(
        manifest(
            places(9),
            [f"{tenant_id(n)}: {{workloads: [{', '.join(map(workload, range(9)))}]}}" for n in range(40)],
            tags=flow(TAGS),
            identity_providers=f'{{login: {{issuer: "{ISSUER}"}}}}',
        )
    ),
    "8 Regions, all replicated": lambda: estate_from(
        manifest(
            lambdas(1),
            [f"{tenant_id(n)}: {{workloads: [{workload(0)}], key: {{multi_region: true}}}}" for n in range(60)],
            regions=REGIONS,
        )
    ),
    "29 workloads a tenant": lambda: estate_from(
        manifest(
            places(29),
            [f"{tenant_id(n)}: {{workloads: [{', '.join(map(workload, range(29)))}]}}" for n in range(40)],
            identity_providers=f'{{login: {{issuer: "{ISSUER}"}}}}',
        )
    ),
    "100 tenants a cell": lambda: estate_from(
        manifest(lambdas(1), [f"{tenant_id(n)}: {{workloads: [{workload(0)}]}}" for n in range(100)], roles="role/"),
        by_number=True,
        cell=100,
    ),
    "all at once, few tenants": lambda: all_at_once(2),
    "all at once": lambda: all_at_once(30),
}
