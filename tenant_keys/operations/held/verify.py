"""Whether a tenant controls the key that it registered, and whether its policy holds: asked of KMS by DryRun.

A session of the tenant's own access role asks. KMS decides a request with `DryRun` as any other and does nothing;
success is the error DryRunOperationException. Such requests are charged and recorded (AWS KMS guide,
testing-permissions). Only who may change the key's policy can make it allow the nonce that this registration drew, so
another tenant's key, whose policy names another nonce or none, is never verified.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.manifest import HeldKey, Tenant, Workload
from tenant_keys.operations.held.errors import HeldKeyError
from tenant_keys.policy.held_key import NONCE_CONTEXT
from tenant_keys.policy.names import TENANT_TAG

ClientOf = Callable[[str], Any]
"""A KMS client of a Region, with a session of the tenant's access role."""
CALLS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "encrypt": ("generate_data_key", {"KeySpec": "AES_256"}),
    "decrypt": ("decrypt", {"DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
}
"""By operation of the manifest: the call that is tried, and its parameters."""
_ALLOWED: Final = "DryRunOperationException"
_DENIED: Final = "AccessDeniedException"
_WANTED: Final[Mapping[str, object]] = {
    "KeyState": "Enabled",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "KeyManager": "CUSTOMER",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """One request of the verification."""

    region: str
    arn: str
    what: str
    """The call and what it carries."""
    expected: str
    got: str
    """KMS's error code, or what it answered."""
    fix: str

    @property
    def passed(self) -> bool:
        """Whether KMS answered as it must."""
        return self.got == self.expected


def verify(tenant: Tenant, held: HeldKey, workload: Workload, clients: ClientOf) -> list[Probe]:
    """Every probe of every registered key, through the access role of one workload.

    Raises:
        HeldKeyError: nothing is registered, the workload only re-encrypts, or KMS gave no answer.
    """
    if held.nonce is None:
        raise HeldKeyError(f"tenants.{tenant.id}: no registration in progress; run `tenant-keys held register` first")
    operations = [one for one in CALLS if one in workload.operations]
    if not operations:
        raise HeldKeyError(f"workload {workload.name} neither encrypts nor decrypts; name another with --workload")
    return [
        probe
        for region, arn in sorted(held.registered.items())
        for probe in _probes(clients(region), region, arn, tenant.id, held.nonce, operations)
    ]


def _probes(kms: Any, region: str, arn: str, tenant: str, nonce: str, operations: Sequence[str]) -> Iterator[Probe]:
    yield from _described(kms, region, arn)
    own = {TENANT_TAG: tenant}
    for operation in operations:
        yield _tried(
            kms,
            region,
            arn,
            operation,
            own,
            _ALLOWED,
            "paste the statements that `held register` prints; check the role",
        )
    control = {**own, NONCE_CONTEXT: nonce}
    message = "paste the statement that proves control, with the nonce of this registration"
    yield _tried(kms, region, arn, operations[0], control, _ALLOWED, message, "with the nonce")
    another = {**own, NONCE_CONTEXT: secrets.token_hex(16)}
    message = (
        "the key's policy allows any encryption context; remove everything that allows this account more "
        "than the printed statements"
    )
    yield _tried(kms, region, arn, operations[0], another, _DENIED, message, "with another nonce")


def _described(kms: Any, region: str, arn: str) -> Iterator[Probe]:
    """The key is the one that the ARN spells, and fit for data keys."""
    what, fix = "DescribeKey", "name the key's own ARN in this Region, as DescribeKey gives it"
    try:
        key = kms.describe_key(KeyId=arn)["KeyMetadata"]
    except ClientError as error:
        yield Probe(
            region, arn, what, arn, _answer(error, arn), "let the key's policy allow kms:DescribeKey, as printed"
        )
        return
    except BotoCoreError as error:
        raise _unreachable(arn, str(error)) from None
    yield Probe(region, arn, what, arn, str(key["Arn"]), fix)
    for name, wanted in _WANTED.items():
        yield Probe(region, arn, f"{what}: {name}", str(wanted), str(key.get(name)), f"register a key with {wanted}")


def _tried(
    kms: Any, region: str, arn: str, operation: str, context: dict[str, str], expected: str, fix: str, how: str = ""
) -> Probe:
    call, parameters = CALLS[operation]
    named = "".join(map(str.title, call.split("_")))
    what = f"{named} {how}".strip()
    try:
        getattr(kms, call)(KeyId=arn, EncryptionContext=context, DryRun=True, **parameters)
    except ClientError as error:
        return Probe(region, arn, what, expected, _answer(error, arn), fix)
    except BotoCoreError as error:
        raise _unreachable(arn, str(error)) from None
    return Probe(region, arn, what, expected, "a result instead of DryRunOperation", fix)


_DECIDED: Final = frozenset(
    {_ALLOWED, _DENIED, "DisabledException", "InvalidArnException", "KMSInvalidStateException", "NotFoundException"}
)
"""What KMS says of the key and the caller; any other code is no answer to the question."""


def _answer(error: ClientError, arn: str) -> str:
    code = str(error.response["Error"]["Code"])
    if code in _DECIDED:
        return code
    raise _unreachable(arn, f"{code}: {error.response['Error'].get('Message') or 'no message'}") from None


def _unreachable(arn: str, why: str) -> HeldKeyError:
    return HeldKeyError(f"{arn}: KMS did not answer ({why}); the result is unknown, run the command again")
