"""The sample manifest as the real app deploys it, over the wire: every session that exists or could be made, every key,
every action, every way to name the key; and the evaluator in process on the same policies, as deployed.
"""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import assume, ensure_role
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.local.kms import ciphertext
from tenant_keys.local.kms.material import generate
from tenant_keys.manifest import Estate, load_estate
from tenant_keys.review.iam import Policies, Policy, Principal, PrincipalKind, Request, authorize
from tests.local.bootstrap import bootstrap
from tests.sampled import one_in

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CENTRAL, REGION = "111111111111", "eu-west-1"
NAMES = ("alias", "alias ARN", "key ARN", "key id", "ciphertext")
"""The last is no KeyId at all: the ciphertext names the key."""
AFTER_THE_POLICIES = {
    "DryRunOperationException",
    "DisabledException",
    "KMSInvalidStateException",
    "InvalidKeyUsageException",
    "UnsupportedOperationException",
}
"""What KMS answers only to whom the policies allow."""
OPERATION = {
    "Encrypt": "encrypt",
    "GenerateDataKey": "encrypt",
    "GenerateDataKeyWithoutPlaintext": "encrypt",
    "Decrypt": "decrypt",
    "ReEncrypt": "re-encrypt",
}
"""The manifest's word for each action."""

Call = Callable[["KMSClient", Mapping[str, Any], dict[str, str]], object]
_DRY: dict[str, Any] = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
CALLS: dict[str, Call] = {
    "Encrypt": lambda kms, key, c: kms.encrypt(**key, Plaintext=b"x", EncryptionContext=c, DryRun=True),
    "GenerateDataKey": lambda kms, key, c: kms.generate_data_key(
        **key, KeySpec="AES_256", EncryptionContext=c, DryRun=True
    ),
    "GenerateDataKeyWithoutPlaintext": lambda kms, key, c: kms.generate_data_key_without_plaintext(
        **key, KeySpec="AES_256", EncryptionContext=c, DryRun=True
    ),
    "Decrypt": lambda kms, key, c: kms.decrypt(
        **key, EncryptionContext=c, **({"DryRun": True} if "CiphertextBlob" in key else _DRY)
    ),
    "GenerateDataKeyPair": lambda kms, key, c: kms.generate_data_key_pair(
        **key, KeyPairSpec="ECC_NIST_P256", EncryptionContext=c, DryRun=True
    ),
    "GenerateDataKeyPairWithoutPlaintext": lambda kms, key, c: kms.generate_data_key_pair_without_plaintext(
        **key, KeyPairSpec="ECC_NIST_P256", EncryptionContext=c, DryRun=True
    ),
    "Sign": lambda kms, key, c: kms.sign(**key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256", DryRun=True),
    "GenerateMac": lambda kms, key, c: kms.generate_mac(**key, Message=b"x", MacAlgorithm="HMAC_SHA_256", DryRun=True),
    "GetPublicKey": lambda kms, key, c: kms.get_public_key(**key),
    "ReEncrypt": lambda kms, key, c: kms.re_encrypt(
        SourceKeyId=key["KeyId"],
        DestinationKeyId=key["KeyId"],
        SourceEncryptionContext=c,
        DestinationEncryptionContext=c,
        **_DRY,
    ),
    "DescribeKey": lambda kms, key, c: kms.describe_key(**key),
}
WITHOUT_CONTEXT = ("DescribeKey", "Sign", "GenerateMac", "GetPublicKey")
DESCRIBES = {
    "administrator": "every",
    "reader": "every",
    "break glass": "every",
    "execution role": "every",
    "import role": "globex",
    "operator": "none",
    "root 111111111111": "none",
    "root 222222222222": "none",
    "runtime orders": "none",
    "runtime billing": "none",
}
"""Those beside the access roles: whose keys they may describe. None of them may use any."""


@dataclass(frozen=True)
class Who:
    """A session, to the wire and to the evaluator."""

    mode: str
    tenant: str
    workload: str
    principal: Principal
    identity: tuple[Policy, ...]
    kms: Any = field(compare=False)

    def __hash__(self) -> int:
        return hash((self.mode, self.tenant))


@dataclass(frozen=True)
class Probe:
    """One request."""

    who: Who
    action: str
    tenant: str
    named: str
    context: str


@dataclass
class Sample:
    """The estate, deployed."""

    aws: LocalAws
    estate: Estate
    issuer: LocalIssuer
    keys: dict[str, str]
    """Key id by tenant."""
    policies: dict[str, Policy]
    """Key policy by tenant, as KMS has it."""

    def become(self, session: boto3.Session, role: str, **arguments: Any) -> boto3.Session:
        answer = session.client("sts").assume_role(RoleArn=role, RoleSessionName="probe", **arguments)
        return self.aws.session(credentials=answer["Credentials"])


def role_arn(workload: str, name: str) -> str:
    return f"arn:aws:iam::{CENTRAL}:role/tenant-keys/{workload}/{name}.{workload}"


@pytest.fixture(scope="module")
def sample(sample_assembly: Path) -> Iterator[Sample]:
    estate = load_estate(ROOT / "tenants.yaml")
    issuer = LocalIssuer("https://login.example.com")
    with LocalAws(
        accounts=(CENTRAL, "222222222222", "333333333333"),
        organization=estate.organization,
        jwks={issuer.url: issuer.key_set},
    ) as aws:
        bootstrap(aws, sample_assembly)
        aws.deploy(sample_assembly)
        for role in OTHERS.values():
            if "/cdk-" not in role:
                ensure_role(aws, role)
        kms = assume(aws, estate.central.administrators[0]).client("kms")
        keys = {tenant: aws.key_id(tenant) for tenant in estate.tenants}
        texts = {tenant: kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"] for tenant, key in keys.items()}
        policies = {tenant: Policy.parse(text, name="key policy", kind="resource") for tenant, text in texts.items()}
        yield Sample(aws, estate, issuer, keys, policies)


OTHERS = {
    "administrator": f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator",
    "reader": f"arn:aws:iam::{CENTRAL}:role/SecurityAudit",
    "break glass": f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass",
    "import role": f"arn:aws:iam::{CENTRAL}:role/key-import/globex-key-import",
    "execution role": f"arn:aws:iam::{CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{REGION}",
}


def deployed_policies(sample: Sample, role: str) -> tuple[Policy, ...]:
    iam, name = sample.aws.session(role.split(":")[4]).client("iam"), role.rpartition("/")[2]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    documents = {each: iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in inline}
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        answer = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
        documents[attached["PolicyName"]] = answer["PolicyVersion"]["Document"]
    assert documents
    return tuple(
        Policy.parse(json.loads(json.dumps(text)), name=each, kind="identity") for each, text in documents.items()
    )


@pytest.fixture(scope="module")
def callers(sample: Sample) -> list[Who]:
    """Each tenant's role; the shared roles as every tenant, served by them or not; and everybody with power."""
    found = []

    def add(mode: str, tenant: str, workload: str, role: str, session: boto3.Session, name: str) -> None:
        principal = Principal(
            kind=PrincipalKind.ROLE_SESSION,
            arn=f"arn:aws:sts::{role.split(':')[4]}:assumed-role/{role.rpartition('/')[2]}/{name}",
            account=role.split(":")[4],
            role_arn=role,
            organization=sample.estate.organization,
            tags={"tenant_id": tenant} if mode in ("tag", "token") else {},
        )
        found.append(Who(mode, tenant, workload, principal, deployed_policies(sample, role), session.client("kms")))

    orders = sample.aws.run_as("arn:aws:iam::222222222222:role/tenant-keys-orders")
    task = {"aws:SourceAccount": "333333333333", "aws:SourceArn": f"arn:aws:ecs:{REGION}:333333333333:task/x"}
    billing = sample.aws.run_as(
        "arn:aws:iam::333333333333:role/tenant-keys-billing", service="ecs-tasks.amazonaws.com", context=task
    )
    for name, session, account in (("orders", orders, "222222222222"), ("billing", billing, "333333333333")):
        add(f"runtime {name}", "", "", f"arn:aws:iam::{account}:role/tenant-keys-{name}", session, "service")
    for name, role in OTHERS.items():
        deploys = name == "execution role"
        session = (
            sample.aws.run_as(role, service="cloudformation.amazonaws.com") if deploys else assume(sample.aws, role)
        )
        add(name, "", "", role, session, "service" if deploys else "operator")
    organization = sample.estate.organization
    for account in (CENTRAL, "222222222222"):
        arn = f"arn:aws:iam::{account}:root"
        root = Principal(kind=PrincipalKind.ROOT_USER, arn=arn, account=account, organization=organization)
        found.append(Who(f"root {account}", "", "", root, (), sample.aws.session(account).client("kms")))
    arn = f"arn:aws:iam::{CENTRAL}:user/operator"
    user = Principal(kind=PrincipalKind.USER, arn=arn, account=CENTRAL, organization=organization)
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    identity = (Policy.parse(everything, name="AdministratorAccess", kind="identity"),)
    administrator = sample.aws.session(credentials=sample.aws.operator())
    found.append(Who("operator", "", "", user, identity, administrator.client("kms")))
    anybody = sample.aws.session().client("sts")
    for tenant in sample.estate.tenants.values():
        if "orders" in {workload.name for workload in tenant.workloads} and tenant.state != "offboarding":
            role = role_arn("orders", f"tenant-{tenant.id}")
            add("role", tenant.id, "orders", role, sample.become(orders, role), "probe")
        tag = [{"Key": "tenant_id", "Value": tenant.id}]
        role = role_arn("billing", "shared")
        add("tag", tenant.id, "billing", role, sample.become(billing, role, Tags=tag), "probe")
        role = role_arn("portal", "shared")
        token = sample.issuer.token("portal-keys", {"tenant_id": tenant.id})
        answer = anybody.assume_role_with_web_identity(RoleArn=role, RoleSessionName="probe", WebIdentityToken=token)
        add("token", tenant.id, "portal", role, sample.aws.session(credentials=answer["Credentials"]), "probe")
    return found


def probes(sample: Sample, callers: list[Who]) -> Iterator[Probe]:
    for who in callers:
        for action in CALLS:
            for tenant in sample.estate.tenants:
                for named in NAMES:
                    elsewhere = who.principal.account != CENTRAL and named in ("alias", "key id")
                    if elsewhere or (named == "ciphertext" and action != "Decrypt"):
                        continue  # a name without account means the caller's own: test_matrix.py
                    contexts = [""] if action in WITHOUT_CONTEXT else sorted({tenant, who.tenant, ""})
                    if action not in WITHOUT_CONTEXT and (action not in OPERATION or not who.workload):
                        contexts = [tenant]  # nobody may, even with the right one
                    for context in contexts:
                        yield Probe(who, action, tenant, named, context)


def forged(key_id: str) -> bytes:
    """A ciphertext that names the key: whether it opens is asked after whether the caller may."""
    return ciphertext.seal(key_id, generate(datetime.now(UTC)), b"x", {})


def over_the_wire(sample: Sample, probe: Probe) -> bool:
    key_id, alias = sample.keys[probe.tenant], f"alias/tenant-{probe.tenant}"
    names: dict[str, dict[str, Any]] = {
        "alias": {"KeyId": alias},
        "alias ARN": {"KeyId": f"arn:aws:kms:{REGION}:{CENTRAL}:{alias}"},
        "key ARN": {"KeyId": f"arn:aws:kms:{REGION}:{CENTRAL}:key/{key_id}"},
        "key id": {"KeyId": key_id},
        "ciphertext": {"CiphertextBlob": forged(key_id)},
    }
    try:
        CALLS[probe.action](probe.who.kms, names[probe.named], {"tenant_id": probe.context} if probe.context else {})
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in {*AFTER_THE_POLICIES, "AccessDeniedException"}:
            raise
        return code in AFTER_THE_POLICIES
    return True


def in_process(sample: Sample, probe: Probe) -> bool:
    """The evaluator on a request built here; ReEncrypt needs both of its permissions."""
    context: dict[str, str | tuple[str, ...]] = {"kms:ResourceAliases": (f"alias/tenant-{probe.tenant}",)}
    if probe.named.startswith("alias"):
        context["kms:RequestAlias"] = f"alias/tenant-{probe.tenant}"
    if probe.context:
        context["kms:EncryptionContext:tenant_id"] = probe.context
        context["kms:EncryptionContextKeys"] = ("tenant_id",)
    actions = ("ReEncryptFrom", "ReEncryptTo") if probe.action == "ReEncrypt" else (probe.action,)
    if probe.action == "ReEncrypt":
        context["kms:ReEncryptOnSameKey"] = "true"
    policies = Policies(identity=probe.who.identity, resource=sample.policies[probe.tenant])
    arn = f"arn:aws:kms:{REGION}:{CENTRAL}:key/{sample.keys[probe.tenant]}"
    return all(
        authorize(Request(probe.who.principal, f"kms:{action}", arn, CENTRAL, context), policies).allowed
        for action in actions
    )


def promised(sample: Sample, probe: Probe) -> bool:
    """What the manifest says: the tenant itself, through a workload that serves it, for what that workload does."""
    if probe.action not in OPERATION or not probe.who.workload:
        return False
    tenant = sample.estate.tenants[probe.tenant]
    workload = sample.estate.workloads[probe.who.workload]
    if probe.who.tenant != tenant.id or workload not in tenant.workloads or tenant.state != "active":
        return False
    if probe.context != tenant.id:
        return False
    operation = OPERATION[probe.action]
    by_key = probe.action == "Decrypt" and tenant.decrypt_by == "key"
    return operation in workload.operations and (probe.named.startswith("alias") or by_key)


@pytest.fixture(scope="module")
def answers(sample: Sample, callers: list[Who]) -> dict[Probe, bool]:
    """Of the probes all that must come through; of the others all, or of each caller and action one in twenty."""
    everything = list(probes(sample, callers))
    assert len(everything) > 10_000
    allowed = {probe for probe in everything if promised(sample, probe)}
    others = defaultdict(list)
    for probe in everything:
        if probe not in allowed:
            others[probe.who, probe.action].append(probe)
    asked, draw = [*allowed], random.Random(0)  # noqa: S311  # no secret
    for of_one in others.values():
        asked += draw.sample(of_one, math.ceil(len(of_one) / one_in(20)))
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(asked, pool.map(partial(over_the_wire, sample), asked), strict=True))


def test_what_the_manifest_promises_comes_through_and_nothing_else(sample: Sample, answers: dict[Probe, bool]) -> None:
    use = {probe: allowed for probe, allowed in answers.items() if probe.action != "DescribeKey"}
    wrong = [(probe, allowed) for probe, allowed in use.items() if allowed is not promised(sample, probe)]
    assert not wrong, wrong[:5]
    assert sum(use.values()) > 20


def test_nobody_even_describes_a_key_of_another_tenant(answers: dict[Probe, bool]) -> None:
    asked = {probe: allowed for probe, allowed in answers.items() if probe.action == "DescribeKey"}
    described = [probe for probe, allowed in asked.items() if allowed]
    assert described
    assert all(probe.who.tenant == probe.tenant for probe in described if probe.who.tenant)
    for mode, whose in DESCRIBES.items():
        mine = {probe: allowed for probe, allowed in asked.items() if probe.who.mode == mode}
        assert mine
        assert all(allowed is (whose in ("every", probe.tenant)) for probe, allowed in mine.items()), mode


def test_the_wire_and_the_evaluator_agree_on_every_probe(sample: Sample, answers: dict[Probe, bool]) -> None:
    differing = [probe for probe, allowed in answers.items() if in_process(sample, probe) is not allowed]
    assert not differing, differing[:5]
    assert len(answers) > 10_000 // one_in(20)
