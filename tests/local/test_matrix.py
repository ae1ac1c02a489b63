"""The isolation matrix over the wire: every role, every key, every action, every way to name the key; and the same
question put to the evaluator in process. Both must agree, and only a tenant's own request may come through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tenant_keys.review.iam import Grant, Policies, Policy, Principal, PrincipalKind, Request, authorize
from tests.local import handmade
from tests.local.conftest import LocalEstate
from tests.sampled import of_run, share_of

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

DRY_RUN_ERRORS = {"DryRunOperationException"}
ALLOWED_ERRORS = {
    "DryRunOperationException",
    "DisabledException",
    "InvalidKeyUsageException",
    "UnsupportedOperationException",
}
"""What only a caller gets whom the policies allow: KMS looks at the key's state and kind after the policies."""
DENIED_ERRORS = {"AccessDeniedException"}


@dataclass(frozen=True)
class Who:
    """A caller, to the wire and to the evaluator."""

    name: str
    principal: Principal
    identity: tuple[Policy, ...]
    tenant: str | None


def _session_principal(role_arn: str, tags: dict[str, str] | None = None, session: str = "test") -> Principal:
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        account=account,
        role_arn=role_arn,
        organization=handmade.ORGANIZATION,
        tags=tags or {},
    )


def _policy(document: dict[str, Any], name: str) -> Policy:
    return Policy.parse(document, name=name, kind="identity")


EVERYTHING = handmade.document(handmade.allow("Everything", ["*"], Resource="*"))


@pytest.fixture(scope="module")
def callers(local: LocalEstate) -> dict[str, tuple[Who, boto3.Session]]:
    """Every access role with every tenant that it can be, and those with power over the key account."""
    found: dict[str, tuple[Who, boto3.Session]] = {}

    def add(
        name: str, session: boto3.Session, principal: Principal, policy: dict[str, Any] | None, tenant: str | None
    ) -> None:
        identity = (_policy(policy, name),) if policy else ()
        found[name] = (Who(name, principal, identity, tenant), session)

    by_tag = handmade.use_policy("${aws:PrincipalTag/tenant_id}")
    for tenant in handmade.TENANTS:
        tag, role = {"tenant_id": tenant}, handmade.tenant_role(tenant)
        add(
            f"role {tenant}",
            local.tenant(tenant),
            _session_principal(role),
            handmade.use_policy(tenant),
            tenant,
        )
        add(f"tag {tenant}", local.tagged(tenant), _session_principal(handmade.SHARED, tag), by_tag, tenant)
        add(
            f"token {tenant}",
            local.portal(tenant),
            _session_principal(handmade.PORTAL, tag, "portal"),
            by_tag,
            tenant,
        )
    operator = Principal(
        kind=PrincipalKind.USER,
        arn=f"arn:aws:iam::{handmade.CENTRAL}:user/operator",
        account=handmade.CENTRAL,
        organization=handmade.ORGANIZATION,
    )
    administrator = local.aws.session(credentials=local.aws.operator())
    add("operator", administrator, operator, EVERYTHING, None)
    for name, arn in (
        ("administrator", handmade.ADMINISTRATOR),
        ("break glass", handmade.BREAK_GLASS),
    ):
        add(name, local.role(arn), _session_principal(arn, session="operator"), EVERYTHING, None)
    for account in (handmade.CENTRAL, handmade.WORKLOAD):
        root = Principal(
            kind=PrincipalKind.ROOT_USER,
            arn=f"arn:aws:iam::{account}:root",
            account=account,
            organization=handmade.ORGANIZATION,
        )
        add(f"root {account}", local.aws.session(account), root, None, None)
    runtime = handmade.document(
        handmade.allow(
            "AssumeAccessRoles",
            ["sts:AssumeRole", "sts:TagSession"],
            Resource=f"arn:aws:iam::{handmade.CENTRAL}:role/tenant-keys/orders/*",
        )
    )
    add(
        "runtime",
        local.orders(),
        _session_principal(handmade.ORDERS_RUNTIME, session="service"),
        runtime,
        None,
    )
    return found


Call = Callable[["KMSClient", str, dict[str, str]], object]
ACTIONS: dict[str, tuple[Call, bool]] = {
    "Encrypt": (lambda kms, key, c: kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=c, DryRun=True), True),
    "Decrypt": (
        lambda kms, key, c: kms.decrypt(
            KeyId=key, EncryptionContext=c, DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"]
        ),
        True,
    ),
    "GenerateDataKey": (
        lambda kms, key, c: kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=c, DryRun=True),
        True,
    ),
    "GenerateDataKeyWithoutPlaintext": (
        lambda kms, key, c: kms.generate_data_key_without_plaintext(
            KeyId=key, KeySpec="AES_256", EncryptionContext=c, DryRun=True
        ),
        True,
    ),
    "GenerateDataKeyPair": (
        lambda kms, key, c: kms.generate_data_key_pair(
            KeyId=key, KeyPairSpec="ECC_NIST_P256", EncryptionContext=c, DryRun=True
        ),
        True,
    ),
    "DescribeKey": (lambda kms, key, c: kms.describe_key(KeyId=key), False),
    "Sign": (
        lambda kms, key, c: kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256", DryRun=True),
        False,
    ),
    "GenerateMac": (
        lambda kms, key, c: kms.generate_mac(KeyId=key, Message=b"x", MacAlgorithm="HMAC_SHA_256", DryRun=True),
        False,
    ),
    "GetPublicKey": (lambda kms, key, c: kms.get_public_key(KeyId=key), False),
}
"""Each with whether it carries an encryption context."""


@dataclass(frozen=True)
class Probe:
    """One request."""

    who: str
    action: str
    tenant: str
    named: str
    context: str
    """Tenant of the encryption context; empty for none."""


def probes(callers: dict[str, tuple[Who, boto3.Session]]) -> Iterator[Probe]:
    for who, (caller, _) in callers.items():
        for action, (_, carries) in ACTIONS.items():
            for tenant in handmade.TENANTS:
                for named in ("alias", "alias ARN", "key ARN", "key id"):
                    for context in sorted({tenant, caller.tenant or "acme", ""}) if carries else ("",):
                        yield Probe(who, action, tenant, named, context)


def over_the_wire(local: LocalEstate, kms: KMSClient, probe: Probe) -> tuple[bool | None, str]:
    """Whether KMS allowed it; None where it found no such key in the caller's account."""
    key_id, arn = local.key_of[probe.tenant]
    alias = f"alias/tenant-{probe.tenant}"
    name = {
        "alias": alias,
        "alias ARN": f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:{alias}",
        "key ARN": arn,
        "key id": key_id,
    }[probe.named]
    try:
        ACTIONS[probe.action][0](kms, name, {"tenant_id": probe.context} if probe.context else {})
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NotFoundException":
            return None, code
        if code not in ALLOWED_ERRORS | DENIED_ERRORS:
            raise
        return code in ALLOWED_ERRORS, code
    return True, "ok"


def in_process(local: LocalEstate, who: Who, probe: Probe) -> bool:
    """The evaluator's answer, on policies written by hand and a request built here."""
    _, arn = local.key_of[probe.tenant]
    context: dict[str, str | tuple[str, ...]] = {"kms:ResourceAliases": (f"alias/tenant-{probe.tenant}",)}
    if probe.named.startswith("alias"):
        context["kms:RequestAlias"] = f"alias/tenant-{probe.tenant}"
    if probe.context:
        context["kms:EncryptionContext:tenant_id"] = probe.context
        context["kms:EncryptionContextKeys"] = ("tenant_id",)
    grants: tuple[Grant, ...] = ()
    policies = Policies(
        identity=who.identity,
        resource=Policy.parse(handmade.key_policy(probe.tenant), name="key policy", kind="resource"),
        grants=grants,
    )
    request = Request(who.principal, f"kms:{probe.action}", arn, handmade.CENTRAL, context)
    return authorize(request, policies).allowed


def is_own(callers: dict[str, tuple[Who, boto3.Session]], probe: Probe) -> bool:
    return callers[probe.who][0].tenant == probe.tenant and probe.named.startswith("alias")


@pytest.fixture(scope="module")
def answers(local: LocalEstate, callers: dict[str, tuple[Who, boto3.Session]]) -> dict[Probe, tuple[bool | None, str]]:
    """Of the matrix what a tenant asks of its own key by its alias, and of all else the share that the run asks."""
    clients = {name: session.client("kms") for name, (_, session) in callers.items()}
    everything = list(probes(callers))
    assert len(everything) > 3_000
    own = {each for each in everything if is_own(callers, each)}
    asked = [*own, *of_run([each for each in everything if each not in own])]
    with ThreadPoolExecutor(4) as pool:
        return dict(
            zip(asked, pool.map(lambda probe: over_the_wire(local, clients[probe.who], probe), asked), strict=True)
        )


def test_only_the_tenant_itself_comes_through_and_only_by_its_alias(
    callers: dict[str, tuple[Who, boto3.Session]], answers: dict[Probe, tuple[bool | None, str]]
) -> None:
    wrong = []
    for probe, (allowed, _) in answers.items():
        own = is_own(callers, probe)
        use = probe.action in ("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
        administrator = probe.who in ("administrator", "break glass") and probe.action == "DescribeKey"
        right = administrator or (own and ((use and probe.context == probe.tenant) or probe.action == "DescribeKey"))
        if bool(allowed) is not right:
            wrong.append(probe)
    assert not wrong
    assert len(answers) > share_of(3_000)


def test_the_wire_and_the_evaluator_agree(
    local: LocalEstate,
    callers: dict[str, tuple[Who, boto3.Session]],
    answers: dict[Probe, tuple[bool | None, str]],
) -> None:
    asked = {probe: allowed for probe, (allowed, _) in answers.items() if allowed is not None}
    differing = [
        probe for probe, allowed in asked.items() if in_process(local, callers[probe.who][0], probe) is not allowed
    ]
    assert not differing
    assert any(asked.values())
    assert not all(asked.values())


def test_a_name_without_account_means_the_caller_s_own(answers: dict[Probe, tuple[bool | None, str]]) -> None:
    elsewhere = [
        answers[probe]
        for probe in answers
        if probe.who in ("runtime", f"root {handmade.WORKLOAD}") and probe.named == "alias"
    ]
    assert elsewhere
    assert all(code == "NotFoundException" for _, code in elsewhere)


def test_every_tenant_comes_through_in_every_mode(answers: dict[Probe, tuple[bool | None, str]]) -> None:
    """The suspended one, too, as far as policies go: then its key is disabled."""
    for tenant in handmade.TENANTS:
        for mode in ("role", "tag", "token"):
            allowed, code = answers[Probe(f"{mode} {tenant}", "GenerateDataKey", tenant, "alias", tenant)]
            assert allowed
            assert code == ("DisabledException" if tenant == handmade.SUSPENDED else "DryRunOperationException")


def test_the_log_records_every_decision_of_the_matrix(
    local: LocalEstate, answers: dict[Probe, tuple[bool | None, str]]
) -> None:
    decided = [entry for entry in local.aws.decisions() if entry["source"] == "kms.amazonaws.com" and entry["action"]]
    outcomes = {entry["outcome"] for entry in decided}
    assert outcomes == {"ALLOWED", "IMPLICIT_DENY", "EXPLICIT_DENY"}
    assert all(entry["decided_by"] for entry in decided if entry["outcome"] == "EXPLICIT_DENY")
    assert len(decided) >= sum(1 for allowed, _ in answers.values() if allowed is not None)
    json.dumps(decided)
