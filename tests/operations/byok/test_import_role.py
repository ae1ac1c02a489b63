"""The import role on the policies that are deployed: its own key, nothing else, and no more rights than it needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume
from tenant_keys.manifest import Estate
from tenant_keys.manifest.model import State
from tenant_keys.operations import byok
from tenant_keys.operations.byok import ByokError, Ceremony, wrap
from tenant_keys.policy.key_policy import key_policy
from tests.operations.byok.conftest import CENTRAL

Policy = dict[str, Any]
Deploy = Callable[..., Ceremony]


def documented_policy() -> Policy:
    """The identity policy that docs/byok.md shows."""
    page = Path("docs/byok.md").read_text(encoding="utf-8")
    shown: Policy = json.loads(page.partition("```json\n")[2].partition("```")[0])
    return shown


@pytest.fixture
def deploy(aws: LocalAws, estate: Estate) -> Deploy:
    """Makes a tenant's key with its real policy, and a ceremony as a role that has an identity policy."""

    def make(tenant: str, role: str, policy: Policy, *, state: State = "active") -> Ceremony:
        kms = aws.session(CENTRAL).client("kms")
        declared = replace(estate.tenants[tenant], state=state)
        key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/tenant-{tenant}", TargetKeyId=key)  # the policy below denies it to root
        policy_text = json.dumps(key_policy(declared, estate))
        kms.put_key_policy(KeyId=key, Policy=policy_text, BypassPolicyLockoutSafetyCheck=True)
        clients = session_of(aws, role, policy)
        return Ceremony(declared, estate, lambda region: clients.client("kms", region_name=region))

    return make


def session_of(aws: LocalAws, role: str, policy: Policy) -> boto3.Session:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = aws.session(CENTRAL).client("iam")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=role, PolicyName="Own", PolicyDocument=json.dumps(policy))
    return assume(aws, f"arn:aws:iam::{CENTRAL}:role/{role}")


def quiet(_line: str) -> None:
    """Say nothing."""


def whole_life(ceremony: Ceremony) -> None:
    """Every step of the ceremony once."""
    vault: dict[str, bytes] = {}

    def bring(purpose: Any) -> None:
        parameters = byok.start(ceremony, purpose, say=quiet)
        for slot in parameters["slots"]:
            vault.setdefault(slot["label"], bytes([len(vault) + 1]) * 32)
        byok.import_material(ceremony, wrap.wrap(parameters, vault), expires=None, say=quiet)

    bring("missing")
    bring("new")
    byok.rotate(ceremony, say=quiet)
    byok.revoke(ceremony, "every", say=quiet)
    bring("missing")


def test_the_documented_policy_is_enough_for_the_whole_life(deploy: Deploy) -> None:
    ceremony = deploy("globex", "GlobexImport", documented_policy())
    whole_life(ceremony)
    assert ceremony.read()[0].state == "Enabled"


@pytest.mark.parametrize("action", documented_policy()["Statement"][0]["Action"])
def test_no_action_of_the_documented_policy_is_too_much(action: str, deploy: Deploy) -> None:
    policy = documented_policy()
    policy["Statement"][0]["Action"].remove(action)
    with pytest.raises(ByokError, match=r"AccessDeniedException: .*; use credentials of the tenant's import role"):
        whole_life(deploy("globex", "GlobexImport", policy))


@pytest.mark.parametrize("role", ["SoylentImport", "UmbrellaImport", "Admin", "BreakGlass", "Someone"])
def test_nobody_else_brings_material_whatever_its_own_policy_says(role: str, deploy: Deploy) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    ceremony = deploy("globex", role, everything)
    with pytest.raises(ByokError, match="AccessDeniedException"):
        whole_life(ceremony)


def test_an_import_role_with_every_right_still_uses_no_key_and_changes_no_policy(aws: LocalAws, deploy: Deploy) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    ceremony = deploy("globex", "GlobexImport", everything)
    whole_life(ceremony)
    key, kms = ceremony.read()[0].arn, ceremony.make("eu-west-1")
    attempts: dict[str, Callable[[], object]] = {
        "Encrypt": lambda: kms.encrypt(
            KeyId="alias/tenant-globex", Plaintext=b"x", EncryptionContext={"tenant_id": "globex"}
        ),
        "PutKeyPolicy": lambda: kms.put_key_policy(KeyId=key, Policy="{}"),
        "CreateGrant": lambda: kms.create_grant(KeyId=key, GranteePrincipal=CENTRAL, Operations=["Decrypt"]),
        "ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=key),
        "DisableKey": lambda: kms.disable_key(KeyId=key),
        "DeleteAlias": lambda: kms.delete_alias(AliasName="alias/tenant-globex"),
    }
    for name, attempt in attempts.items():
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException", name


def test_a_suspended_tenant_stays_refused_though_its_import_enables_the_key(aws: LocalAws, deploy: Deploy) -> None:
    ceremony = deploy("globex", "GlobexImport", documented_policy(), state="suspended")
    whole_life(ceremony)
    assert ceremony.read()[0].state == "Enabled"
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
    iam = aws.session(CENTRAL).client("iam")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"}, "Action": "sts:AssumeRole"}
    ]}  # fmt: skip
    iam.create_role(
        RoleName="tenant-globex.orders", Path="/tenant-keys/orders/", AssumeRolePolicyDocument=json.dumps(trust)
    )
    iam.put_role_policy(RoleName="tenant-globex.orders", PolicyName="Own", PolicyDocument=json.dumps(allowed))
    own = assume(aws, f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-globex.orders").client("kms")
    with aws.watch() as decisions, pytest.raises(ClientError):
        own.encrypt(KeyId="alias/tenant-globex", Plaintext=b"x", EncryptionContext={"tenant_id": "globex"})
    assert "DenyUseWhileSuspended" in json.dumps(decisions[-1])
