"""What is known of each condition key: who sets it, what its values look like, and which a plain request has.

A key without an entry here makes the verdict "not proved". Sources: IAM guide, reference_policies_condition-keys and
reference_policies_iam-condition-keys; AWS KMS guide, conditions-kms; the service authorization reference for types.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from string import ascii_letters, ascii_uppercase, digits
from typing import Final

from tenant_keys.review.iam.catalogue import condition_key_type
from tenant_keys.review.iam.principal import TAG_PREFIX
from tenant_keys.review.proof.outcome import NotProved

EARLIEST: Final = 1_767_225_600
"""2026-01-01 in seconds of the epoch: no request is earlier than this review."""


class Source(Enum):
    """Who decides the value of a key."""

    PRINCIPAL = "the principal"
    CALLER = "the caller"
    PLACE = "the network, session or service from which a request comes"
    RESOURCE = "the resource"
    TIME = "the time"


class Type(Enum):
    """What the values look like; a key of type TEXT can hold any text."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth value"
    DATE = "date"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Form:
    """A beginning, then parts between colons: each at least so many of certain characters."""

    prefix: str
    parts: tuple[tuple[str, int], ...]
    most: int
    """Characters of the whole."""


@dataclass(frozen=True, slots=True)
class Key:
    """A condition key."""

    source: Source
    type: Type = Type.TEXT
    always: bool = False
    """Whether every request carries it."""
    usual: tuple[str | None, ...] = ()
    """The values that a plain request has, None for absent; empty where caller or circumstances decide."""
    required: bool = False
    """Whether a call that is declared always has it; others may not."""
    never: bool = False
    """Whether no request carries it."""
    form: Form | None = None
    """What the values look like, where AWS limits that."""


_CALLER, _PLACE, _PRINCIPAL, _RESOURCE, _TIME = (
    Source.CALLER,
    Source.PLACE,
    Source.PRINCIPAL,
    Source.RESOURCE,
    Source.TIME,
)
_NOT_DIRECTLY: Final = Key(_PLACE, usual=(None,))
_NEVER: Final = Key(_PLACE, never=True)
_FIXED: Final = Key(_PRINCIPAL)

MODELLED: Final = frozenset(
    {
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:principaltype",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:username",
        "kms:calleraccount",
    }
)
"""Keys of a principal that the representatives differ in; principal tags besides."""

_GLOBAL: Final = {
    **dict.fromkeys(MODELLED, _FIXED),
    # Of one principal, but not derived together with its ARN: every combination is tried.
    "aws:userid": Key(_PLACE),
    "aws:principalorgpaths": Key(_PLACE),
    "aws:principalservicenameslist": _NOT_DIRECTLY,
    "aws:federatedprovider": Key(_PLACE),
    "aws:tokenissuetime": Key(_PLACE, Type.DATE),
    "aws:multifactorauthpresent": Key(_PLACE, Type.TRUTH),
    "aws:multifactorauthage": Key(_PLACE, Type.NUMBER),
    "aws:assumedroot": Key(_PLACE, Type.TRUTH, usual=(None, "false")),
    "aws:sourceidentity": Key(_PLACE),
    "aws:chatbotsourcearn": _NOT_DIRECTLY,
    "aws:ec2instancesourcevpc": Key(_PLACE),
    "aws:ec2instancesourceprivateipv4": Key(_PLACE, Type.ADDRESS),
    "ec2:roledelivery": Key(_PLACE, Type.NUMBER),
    "ec2:sourceinstancearn": Key(_PLACE),
    "lambda:sourcefunctionarn": Key(_PLACE),
    "glue:roleassumedby": Key(_PLACE),
    "glue:credentialissuingservice": Key(_PLACE),
    "ssm:sourceinstancearn": Key(_PLACE),
    # The network from which a request comes: the manifest says nothing of it.
    "aws:sourceip": Key(_PLACE, Type.ADDRESS),
    "aws:vpcsourceip": Key(_PLACE, Type.ADDRESS),
    "aws:sourcevpc": Key(_PLACE),
    "aws:sourcevpcarn": Key(_PLACE),
    "aws:sourcevpce": Key(_PLACE),
    "aws:vpceaccount": Key(_PLACE),
    "aws:vpceorgid": Key(_PLACE),
    "aws:vpceorgpaths": Key(_PLACE),
    # Anyone who calls directly, and not through a service, has none of these.
    "aws:calledvia": _NOT_DIRECTLY,
    "aws:calledviafirst": _NOT_DIRECTLY,
    "aws:calledvialast": _NOT_DIRECTLY,
    "aws:viaawsservice": Key(_PLACE, Type.TRUTH, always=True, usual=("false",)),
    "aws:viaawsmcpservice": Key(_PLACE, Type.TRUTH, usual=(None, "false")),
    "aws:calledviaawsmcp": _NOT_DIRECTLY,
    "aws:sourceaccount": _NOT_DIRECTLY,
    "aws:sourcearn": _NOT_DIRECTLY,
    "aws:sourceorgid": _NOT_DIRECTLY,
    "aws:sourceorgpaths": _NOT_DIRECTLY,
    "aws:sourceowner": _NOT_DIRECTLY,
    "aws:securetransport": Key(_CALLER, Type.TRUTH, always=True, usual=("true",)),
    "aws:useragent": Key(_PLACE),  # of the SDK
    "aws:referer": Key(_PLACE),
    "aws:tagkeys": Key(_CALLER),
    "aws:ismcpserviceaction": _NOT_DIRECTLY,
    "aws:requestedregion": Key(_CALLER, always=True),
    "aws:currenttime": Key(_TIME, Type.DATE, always=True),
    "aws:epochtime": Key(_TIME, Type.DATE, always=True),
    "aws:resourceaccount": Key(_RESOURCE, always=True),
    "aws:resourceorgid": Key(_PLACE),
    "aws:resourceorgpaths": Key(_PLACE),
}
_KMS: Final = {
    "kms:viaservice": _NOT_DIRECTLY,
    "kms:encryptionalgorithm": Key(_CALLER, usual=("SYMMETRIC_DEFAULT",)),
    # CloudFormation leaves it out, or sends the default (KMS API, PutKeyPolicy).
    "kms:bypasspolicylockoutsafetycheck": Key(_PLACE, Type.TRUTH, usual=(None, "false")),
    # Whether both keys of ReEncrypt are one: a tenant has no other, so it is not chosen.
    "kms:reencryptonsamekey": Key(_PLACE, Type.TRUTH),
    "kms:validto": Key(_PLACE, Type.DATE),
    "kms:rotationperiodindays": Key(_PLACE, Type.NUMBER),
    "kms:replicaregion": Key(_PLACE),
    "kms:primaryregion": Key(_PLACE),
    "kms:trailingdayswithoutkeyusage": Key(_PLACE, Type.NUMBER),
}
_SESSION_NAME: Final = (f"{ascii_letters}{digits}_+=,.@-", 2)
_UNIQUE_ID: Final = (f"{ascii_uppercase}{digits}", 12)
_ACCOUNT_ID: Final = (digits, 12)
_ISSUED: Final = Key(_PLACE, Type.DATE, always=True)
OF_PRINCIPAL: Final = {
    ("aws:userid", "AssumedRole"): Key(
        _PLACE, always=True, form=Form("AROA", (_UNIQUE_ID, _SESSION_NAME), 128 + 1 + 64)
    ),
    ("aws:userid", "User"): Key(_PLACE, always=True, form=Form("AIDA", (_UNIQUE_ID,), 128)),
    ("aws:userid", "Account"): Key(_PLACE, always=True, form=Form("", (_ACCOUNT_ID,), 12)),
    ("aws:userid", "FederatedUser"): Key(_PLACE, always=True, form=Form("", (_ACCOUNT_ID, _SESSION_NAME), 12 + 1 + 32)),
    ("aws:tokenissuetime", "AssumedRole"): _ISSUED,
    ("aws:tokenissuetime", "FederatedUser"): _ISSUED,
    **dict.fromkeys((("aws:federatedprovider", one) for one in ("User", "Account", "FederatedUser")), _NEVER),
}
"""Keys of which more is known by aws:PrincipalType.

aws:userid: IAM guide, reference_policies_variables, principal key values, and reference_identifiers, unique ids; IAM
API, Role, RoleId: 16 to 128 characters. aws:TokenIssueTime is there where temporary credentials are used, and
aws:FederatedProvider in role sessions alone (IAM guide, reference_policies_condition-keys).
"""
_STS: Final = {
    # A required parameter of the calls that assume a role (STS API, AssumeRole).
    "sts:rolesessionname": Key(_CALLER, required=True, form=Form("", (_SESSION_NAME,), 64)),
    # What neither the client nor a compute service sends.
    "sts:externalid": _NOT_DIRECTLY,
    "sts:sourceidentity": Key(_PLACE),
    "sts:transitivetagkeys": _NOT_DIRECTLY,
    "sts:requestcontextproviders": _NOT_DIRECTLY,
    "sts:roleauthorizedbyidp": Key(_PLACE, Type.TRUTH),
}
ABOUT_THE_KEY: Final = frozenset(
    {
        "kms:customermasterkeyspec",
        "kms:customermasterkeyusage",
        "kms:keyorigin",
        "kms:keyspec",
        "kms:keyusage",
        "kms:multiregion",
        "kms:multiregionkeytype",
        "kms:resourcealiases",
    }
)
"""Properties of a key; they are read from its template."""
_TYPES: Final = {"Bool": Type.TRUTH, "Numeric": Type.NUMBER, "Date": Type.DATE}


@lru_cache(maxsize=4096)
def known(key: str) -> Key:
    """What is known of a key in lower case.

    Raises:
        NotProved: nothing is.
    """
    service = key.partition(":")[0]
    if key in _GLOBAL:
        return _GLOBAL[key]
    if key.startswith(TAG_PREFIX) and key != TAG_PREFIX:
        return _FIXED
    if key.startswith("aws:requesttag/"):
        return Key(_CALLER)
    if key.startswith("aws:resourcetag/"):
        return Key(_PLACE)  # those of the template, and of anyone who may tag
    if service in ("kms", "sts"):
        kind = condition_key_type(service, key)
        if kind is not None:
            return _of_service(key, kind)
    elif is_claim(key):
        return Key(_CALLER)
    raise NotProved(f"{key}: the proof does not know this condition key")


def is_claim(key: str) -> bool:
    """Whether the key holds a claim of an identity provider's token: it begins with the issuer."""
    issuer = key.partition(":")[0]
    return issuer not in ("aws", "kms", "sts", "s3", "iam") and ("." in issuer or "/" in issuer or issuer == "saml")


def _of_service(key: str, kind: str) -> Key:
    if key in _KMS or key in _STS:
        return {**_KMS, **_STS}[key]
    if key in ABOUT_THE_KEY:
        return Key(_RESOURCE, _TYPES.get(kind, Type.TEXT))
    if key.startswith("kms:recipientattestation"):
        return _NOT_DIRECTLY
    return Key(_CALLER, _TYPES.get(kind, Type.TEXT))
