"""Makes the requests of a plan, and says what AWS decided of each and of each reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.given_session import SessionOf, given_session
from tenant_keys.operations.probe.plan import OF_A_DENY, OWN_KEY, READINGS, Plan, Probe
from tenant_keys.policy import names

SESSION_NAME: Final = "tenant-keys-probe"
"""By which an alarm on refused requests can leave the probe out."""
_STATE: Final = frozenset({"DisabledException", "KMSInvalidStateException"})
_DENIED: Final = frozenset({"AccessDeniedException", "AccessDenied"})


class NotTheWorkload(OperationError):
    """Raised when the credentials are not of the workload's role, as whom the probe asks."""


class NoSession(OperationError):
    """Raised when the workload gets no session of a tenant that it serves."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS decided of one request."""

    probe: Probe
    outcome: str
    """"allowed", "denied", "stopped by the key's state", or "unclear"."""
    code: str
    """AWS's error code; DryRunOperationException: the request would have succeeded."""
    message: str

    @property
    def as_declared(self) -> bool:
        """Whether the answer is what the manifest promises."""
        if self.probe.allowed:
            return self.outcome == "allowed"
        # Whether KMS looks at the state or at the policies first is not documented: either refuses.
        return self.outcome in ("denied", "stopped by the key's state")


@dataclass(frozen=True, slots=True)
class Probed:
    """A run."""

    workload: str
    caller: str
    at: str
    answers: tuple[Answer, ...]
    skipped: tuple[str, ...]

    @property
    def as_declared(self) -> bool:
        return all(answer.as_declared for answer in self.answers)

    def readings(self) -> dict[str, dict[str, object]]:
        """What was decided, by the id of the reading."""
        found: dict[str, dict[str, object]] = {}
        for name, claim in READINGS.items():
            asked = [answer for answer in self.answers if answer.probe.reading == name]
            outcomes = {answer.outcome for answer in asked}
            refused = all(_by_a_deny(answer) for answer in asked) if name in OF_A_DENY else outcomes == {"denied"}
            decided = "not asked"
            if asked:
                decided = "holds" if refused else "does not hold" if "allowed" in outcomes else "open"
            found[name] = {"claim": claim, "decided": decided, "answers": [_shown(answer) for answer in asked]}
        return found

    def as_document(self) -> dict[str, Any]:
        """JSON types: the file that decides the readings."""
        return {
            "workload": self.workload,
            "caller": self.caller,
            "at": self.at,
            "readings": self.readings(),
            "answers": [_shown(answer) for answer in self.answers],
            "skipped": list(self.skipped),
        }


def _by_a_deny(answer: Answer) -> bool:
    """Whether AWS says that a Deny refused, not that nothing allows (IAM guide, troubleshoot_access-denied)."""
    return answer.outcome == "denied" and "explicit deny in a resource-based policy" in answer.message


def _shown(answer: Answer) -> dict[str, Any]:
    found = asdict(answer) | {"as_declared": answer.as_declared}
    return found | {"probe": asdict(answer.probe)}


def run(planned: Plan, estate: Estate, session_of: SessionOf | None = None) -> Probed:
    """Make every request of the plan.

    Raises:
        NotTheWorkload: the credentials are of another principal.
        NoSession: AWS STS refuses a session that the manifest declares.
        botocore.exceptions.ClientError: AWS answers something that is no decision, such as throttling.
    """
    make = session_of or given_session
    sts = make(None).client("sts", region_name=planned.region)
    caller = str(sts.get_caller_identity()["Arn"])
    role = names.workload_role_arn(planned.workload, estate)
    if f":assumed-role/{role.rpartition('/')[2]}/" not in caller or role.split(":")[4] != caller.split(":")[4]:
        raise NotTheWorkload(f"the credentials are of {caller}; run the probe in the workload, as {role}")
    clients: dict[tuple[str, str], Any] = {}
    sessions = {tenant: make(_assume(sts, planned, estate.tenants[tenant], estate)) for tenant in planned.tenants}
    keys = {tenant: _own_key(session, tenant, estate) for tenant, session in sessions.items()}

    def kms(tenant: str, region: str) -> Any:
        place = (tenant, region)
        return clients.get(place) or clients.setdefault(place, sessions[tenant].client("kms", region_name=region))

    answers = []
    for probe in planned.probes:
        if probe.operation == "AssumeRole":
            answers.append(_answer(probe, lambda probe=probe: _session(sts, probe.key, probe.context)))  # type: ignore[misc]
            continue
        named = keys[probe.tenant] if probe.key == OWN_KEY else probe.key
        client = kms(probe.tenant, named.split(":")[3])
        answers.append(_answer(probe, lambda p=probe, c=client, k=named: _CALLS[p.operation](c, k, dict(p.context))))  # type: ignore[misc]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return Probed(planned.workload.name, caller, at, tuple(answers), planned.skipped)


def _assume(sts: Any, planned: Plan, tenant: Tenant, estate: Estate) -> Mapping[str, Any]:
    shared = planned.workload.access == "session-tag"
    tags = {names.TENANT_TAG: tenant.id} if shared else {}
    role = (
        names.shared_role_arn(planned.workload, estate)
        if shared
        else names.tenant_role_arn(tenant.id, planned.workload, estate)
    )
    try:
        found: Mapping[str, Any] = _session(sts, role, tags)
    except ClientError as error:
        raise NoSession(f"no session of {role} for tenant {tenant.id}: {error}; deploy, or correct the role") from None
    return found


def _session(sts: Any, role: str, tags: Mapping[str, str]) -> Any:
    pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
    given = {"Tags": pairs} if pairs else {}
    return sts.assume_role(RoleArn=role, RoleSessionName=SESSION_NAME, **given)["Credentials"]


def _own_key(session: boto3.Session, tenant: str, estate: Estate) -> str:
    region = estate.tenants[tenant].primary_region
    kms = session.client("kms", region_name=region)
    return str(kms.describe_key(KeyId=names.alias_arn(tenant, region, estate))["KeyMetadata"]["Arn"])


def _answer(probe: Probe, ask: Callable[[], object]) -> Answer:
    try:
        ask()
    except ClientError as error:
        code, message = error.response["Error"]["Code"], str(error.response["Error"].get("Message", ""))
        if code == "DryRunOperationException":
            return Answer(probe, "allowed", code, message)
        if code in _DENIED:
            return Answer(probe, "denied", code, message)
        if code in _STATE:
            return Answer(probe, "stopped by the key's state", code, message)
        return Answer(probe, "unclear", code, message)
    return Answer(probe, "allowed", "", "")


_DRY: Final[dict[str, Any]] = {"DryRun": True}
_WITHOUT: Final[dict[str, Any]] = {**_DRY, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
"""A probe has no ciphertext (AWS KMS API, Decrypt and ReEncrypt: DryRunModifiers)."""
_CALLS: Final[Mapping[str, Callable[[Any, str, dict[str, str]], object]]] = {
    "Encrypt": lambda kms, key, context: kms.encrypt(KeyId=key, Plaintext=b"probe", EncryptionContext=context, **_DRY),
    "GenerateDataKey": lambda kms, key, context: kms.generate_data_key(
        KeyId=key, KeySpec="AES_256", EncryptionContext=context, **_DRY
    ),
    "GenerateDataKeyWithoutPlaintext": lambda kms, key, context: kms.generate_data_key_without_plaintext(
        KeyId=key, KeySpec="AES_256", EncryptionContext=context, **_DRY
    ),
    "Decrypt": lambda kms, key, context: kms.decrypt(KeyId=key, EncryptionContext=context, **_WITHOUT),
    "ReEncrypt": lambda kms, key, context: kms.re_encrypt(
        SourceKeyId=key,
        DestinationKeyId=key,
        SourceEncryptionContext=context,
        DestinationEncryptionContext=context,
        **_WITHOUT,
    ),
}
