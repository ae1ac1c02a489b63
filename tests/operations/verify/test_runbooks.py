"""docs/runbooks: each incident is made, every command of its page is run, and `verify` finds nothing afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume, ensure_role, import_material
from tenant_keys.local.issuer import LocalIssuer
from tests.operations.verify.console import Console, commands, differs
from tests.operations.verify.deployed import CENTRAL, HOME, MANIFEST, OTHER, ROOT, WORKLOAD, Deployed, deploy, deployer

pytestmark = pytest.mark.slow
MANAGEMENT = "444444444444"
GUARDED = MANIFEST.replace("role/globex", "role/key-import/globex").replace(
    "identity_providers:",
    'guardrails: {management_account: "444444444444", import_path: /key-import/}\nidentity_providers:',
)
PAGES = ROOT / "docs/runbooks"
ORDERS, BILLING = (
    f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-orders",
    f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-billing",
)


def own_role(tenant: str) -> str:
    return f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-{tenant}.orders"


def central(name: str) -> str:
    return f"arn:aws:iam::{CENTRAL}:role/{name}"


@dataclass
class Team:
    """The people on call, with the estate."""

    deployed: Deployed
    sessions: dict[str, boto3.Session]

    def become(self, role: str, name: str, source: boto3.Session | None = None, region: str = HOME) -> boto3.Session:
        sts: Any = (source or self.deployed.aws.session(credentials=self.deployed.aws.operator())).client("sts")
        given = sts.assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
        return self.deployed.aws.session(credentials=given, region=region)

    def orders(self) -> boto3.Session:
        return self.deployed.aws.run_as(ORDERS)

    def tenant(self, tenant: str, name: str, region: str = HOME) -> boto3.Session:
        return self.become(own_role(tenant), name, self.orders(), region)

    def use(self, session: boto3.Session, tenant: str, region: str = HOME) -> bytes:
        """Encrypt as a workload does."""
        kms: Any = session.client("kms", region_name=region)
        given = {
            "KeyId": f"arn:aws:kms:{region}:{CENTRAL}:alias/tenant-{tenant}",
            "EncryptionContext": {"tenant_id": tenant},
        }
        sealed: bytes = kms.encrypt(Plaintext=b"card", **given)["CiphertextBlob"]
        kms.decrypt(CiphertextBlob=sealed, **given)
        return sealed


Incident = Callable[[Team, Path], Iterator[Mapping[str, str]]]
"""Makes the incident, yields variables of the page, and afterwards brings back what the page leaves to others."""


def compromised_workload(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    team.sessions["intruder"] = team.tenant("acme", "intruder")
    team.use(team.sessions["intruder"], "acme")
    yield {}
    team.use(team.tenant("acme", "rebuilt"), "acme")


def leaked_token(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    aws = team.deployed.aws
    token = team.deployed.issuer.token("portal-keys", {"tenant_id": "acme"})
    sts = aws.session().client("sts")
    role = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/portal/shared.portal"

    def session(name: str) -> boto3.Session:
        given = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName=name, WebIdentityToken=token)
        return aws.session(credentials=given["Credentials"])

    team.sessions["leaked"] = session("leaked")
    team.use(team.sessions["leaked"], "acme")
    yield {}
    team.use(session("afterwards"), "acme")


def tenant_revokes_key(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    ensure_role(team.deployed.aws, central("key-import/globex-key-import"))
    importer = assume(team.deployed.aws, central("key-import/globex-key-import"))
    key, valid = team.deployed.key("globex"), datetime.now(UTC) + timedelta(days=300)
    material = import_material(importer, key, valid)
    importer.client("kms").delete_imported_key_material(KeyId=key)
    yield {}
    import_material(importer, key, valid, material)
    team.use(team.tenant("globex", "again"), "globex")


def alias_moved(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    session = team.deployed.aws.run_as(
        deployer(HOME), service="cloudformation.amazonaws.com", session_name="taken-over"
    )
    kms: Any = session.client("kms")
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.delete_alias(AliasName="alias/tenant-acme")
    kms.create_alias(AliasName="alias/tenant-acme", TargetKeyId=other)
    yield {}
    team.sessions["break-glass"].client("kms").schedule_key_deletion(KeyId=other, PendingWindowInDays=7)
    team.deployed.aws.advance(9)
    team.use(team.tenant("acme", "again"), "acme")


def deletion_scheduled(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    key = team.deployed.key("wayne")
    kms: Any = assume(team.deployed.aws, central("KeyBreakGlass")).client("kms")
    kms.disable_key(KeyId=key)
    team.deployed.aws.advance(31)  # a key in use within 30 days is not scheduled at all
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    yield {}
    team.use(team.tenant("wayne", "again"), "wayne")


def region_lost(team: Team, folder: Path) -> Iterator[Mapping[str, str]]:
    sealed = folder / "sealed"
    sealed.write_bytes(team.use(team.tenant("umbrella", "before"), "umbrella"))
    team.sessions["umbrella"] = team.tenant("umbrella", "umbrella", OTHER)
    yield {"CIPHERTEXT": str(sealed)}


def quota_hit(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    team.sessions["acme"] = team.tenant("acme", "acme")
    team.use(team.sessions["acme"], "acme")
    team.deployed.aws.fail("DescribeKey", "ThrottlingException", "Rate exceeded")
    yield {}


def deployment_role_lost(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    iam, name = team.deployed.root(CENTRAL, "iam"), deployer(HOME).rpartition("/")[2]
    iam.detach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.delete_role(RoleName=name)
    team.use(team.tenant("acme", "meanwhile"), "acme")
    yield {}
    team.deployed.kms().update_key_description(KeyId=team.deployed.key("acme"), Description="Key of tenant acme")


def break_glass_used(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    team.sessions["stolen"] = team.become(central("KeyBreakGlass"), "stolen")
    team.sessions["stolen"].client("kms").disable_key(KeyId=team.deployed.key("hooli"))
    yield {}
    team.deployed.kms().enable_key(KeyId=team.deployed.key("hooli"))


def trail_stopped(team: Team, _: Path) -> Iterator[Mapping[str, str]]:
    team.deployed.root(CENTRAL, "cloudtrail").stop_logging(Name="organization")
    key = team.deployed.key("hooli")
    team.become(central("KeyAdministrator"), "unseen").client("kms").disable_key(KeyId=key)
    team.deployed.kms().enable_key(KeyId=key)
    yield {}


INCIDENTS: dict[str, Incident] = {
    "compromised-workload": compromised_workload,
    "leaked-token": leaked_token,
    "tenant-revokes-key": tenant_revokes_key,
    "alias-moved": alias_moved,
    "deletion-scheduled": deletion_scheduled,
    "region-lost": region_lost,
    "quota-hit": quota_hit,
    "deployment-role-lost": deployment_role_lost,
    "break-glass-used": break_glass_used,
    "trail-stopped": trail_stopped,
}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """An estate of its own, under control policies: the drifts of the other tests leave traces that verify names."""
    issuer = LocalIssuer("https://login.example.com")
    with LocalAws(
        accounts=(CENTRAL, WORKLOAD, MANAGEMENT),
        management=MANAGEMENT,
        organization="o-a1b2c3d4e5",
        jwks={issuer.url: issuer.key_set},
    ) as aws:
        yield on_call(deploy(aws, tmp_path_factory.mktemp("runbooks"), issuer, GUARDED))


def on_call(deployed: Deployed) -> Team:
    aws = deployed.aws
    reading = deployed.root(CENTRAL, "iam")
    statement = {"Effect": "Allow", "Action": ["cloudtrail:LookupEvents", "kms:DescribeKey"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    reading.put_role_policy(RoleName="SecurityAudit", PolicyName="Runbooks", PolicyDocument=policy)
    made = Team(deployed, {})
    made.sessions |= {
        "administrator": made.become(central("KeyAdministrator"), "administrator"),
        "break-glass": made.become(central("KeyBreakGlass"), "break-glass"),
        "key-admin": aws.session(credentials=aws.operator()),
        "workload-admin": aws.session(WORKLOAD),
        "orders": made.orders(),
    }
    return made


@contextmanager
def happened(incident: Incident, team: Team, folder: Path) -> Iterator[Mapping[str, str]]:
    steps = incident(team, folder)
    yield next(steps)
    assert list(steps) == []


def test_every_page_is_rehearsed() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == set(INCIDENTS)


EVERY_TIME = ("compromised-workload", "region-lost", "trail-stopped")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in EVERY_TIME else [pytest.mark.exhaustive]) for name in INCIDENTS],
)
def test_every_command_of_the_page_does_what_it_shows_and_nothing_is_left(
    team: Team, name: str, tmp_path: Path
) -> None:
    deployed = team.deployed
    environment = deployed.aws.environment(credentials=deployed.aws.operator())
    team.sessions["reader"] = team.become(central("SecurityAudit"), "reader")
    files = ("--manifest", str(deployed.manifest), "--assembly", str(deployed.assembly))
    console = Console(team.sessions, environment, files, tmp_path, deployed.deploy_again)
    found = commands(PAGES / f"{name}.md")
    assert len(found) >= 3
    with happened(INCIDENTS[name], team, tmp_path) as variables:
        console.variables |= variables
        for command in found:
            printed = console.run(command.text)
            assert differs(command.shown, printed) is None, f"{command.text}\n" + "\n".join(printed)
    assert [one.id for one in deployed.verify(tmp_path / "verify.jsonl").findings] == []
