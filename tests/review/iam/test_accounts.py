"""Which operations on keys cross accounts, each a case; and what each kind of principal puts into a request."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.iam import (
    InvalidRequest,
    Outcome,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    authorize,
    catalogue,
)

KEYS, OTHER = "111111111111", "222222222222"
KEY = f"arn:aws:kms:eu-west-1:{KEYS}:key/1"
ACCOUNT_ONLY = (
    *("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DeleteImportedKeyMaterial"),
    *("kms:DisableKey", "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyLastUsage"),
    *("kms:GetKeyPolicy", "kms:GetParametersForImport", "kms:ImportKeyMaterial", "kms:ListKeyPolicies"),
    *("kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ReplicateKey"),
    *("kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias"),
    *("kms:UpdateKeyDescription", "kms:UpdatePrimaryRegion"),
)
"""Cross-account use: No (AWS KMS API reference, each operation)."""
ACROSS = (
    *("kms:CreateGrant", "kms:Decrypt", "kms:DeriveSharedSecret", "kms:DescribeKey", "kms:Encrypt"),
    *("kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"),
    *("kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateMac", "kms:GetKeyRotationStatus", "kms:GetPublicKey"),
    *("kms:ListGrants", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RetireGrant", "kms:RevokeGrant", "kms:Sign"),
    *("kms:Verify", "kms:VerifyMac"),
)
"""Cross-account use: Yes (AWS KMS API reference, each operation)."""


def session(account: str) -> Principal:
    return Principal(
        PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{account}:assumed-role/app/i-1",
        account=account,
        role_arn=f"arn:aws:iam::{account}:role/app",
    )


def decided(principal: Principal, action: str) -> Outcome:
    """Key policy and identity policy both allow everything to this principal."""
    everything: dict[str, Any] = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    named = {**everything, "Principal": {"AWS": principal.role_arn}}
    policies = Policies(
        identity=(Policy.parse({"Statement": everything}, name="identity", kind="identity"),),
        resource=Policy.parse({"Statement": named}, name="key policy", kind="resource"),
    )
    return authorize(Request(principal, action, KEY, KEYS), policies).outcome


def test_the_operations_are_those_of_keys() -> None:
    on_keys = catalogue.actions_on("kms", "key") | catalogue.actions_on("kms", "alias")
    assert len(ACCOUNT_ONLY) == 24
    assert set(ACCOUNT_ONLY) < on_keys
    assert set(ACROSS) < on_keys
    assert not set(ACCOUNT_ONLY) & set(ACROSS)


@pytest.mark.parametrize("action", ACCOUNT_ONLY)
def test_an_operation_of_the_account_alone_never_crosses_accounts(action: str) -> None:
    assert decided(session(OTHER), action) is Outcome.IMPLICIT_DENY
    assert decided(session(KEYS), action) is Outcome.ALLOWED


@pytest.mark.parametrize("action", ACROSS)
def test_any_other_operation_crosses_accounts_with_both_sides(action: str) -> None:
    assert decided(session(OTHER), action) is Outcome.ALLOWED
    assert decided(session(KEYS), action) is Outcome.ALLOWED


IMPLIED: dict[str, tuple[Principal, dict[str, str]]] = {
    "a session": (
        Principal(
            PrincipalKind.ROLE_SESSION,
            arn=f"arn:aws:sts::{KEYS}:assumed-role/app/i-1",
            account=KEYS,
            role_arn=f"arn:aws:iam::{KEYS}:role/path/app",
            organization="o-a1b2c3d4e5",
            tags={"Team": "Red"},
        ),
        {
            "aws:principalisawsservice": "false",
            "aws:principaltype": "AssumedRole",
            "aws:principalaccount": KEYS,
            "aws:principalarn": f"arn:aws:iam::{KEYS}:role/path/app",
            "aws:principalorgid": "o-a1b2c3d4e5",
            "aws:principaltag/team": "Red",
        },
    ),
    "a user": (
        Principal(PrincipalKind.USER, arn=f"arn:aws:iam::{KEYS}:user/staff/ann", account=KEYS, tags={"team": "red"}),
        {
            "aws:principalisawsservice": "false",
            "aws:principaltype": "User",
            "aws:principalaccount": KEYS,
            "aws:principalarn": f"arn:aws:iam::{KEYS}:user/staff/ann",
            "aws:username": "ann",
            "aws:principaltag/team": "red",
        },
    ),
    "a federated user": (
        Principal(PrincipalKind.FEDERATED_USER, arn=f"arn:aws:sts::{KEYS}:federated-user/bob", account=KEYS),
        {
            "aws:principalisawsservice": "false",
            "aws:principaltype": "FederatedUser",
            "aws:principalaccount": KEYS,
            "aws:principalarn": f"arn:aws:sts::{KEYS}:federated-user/bob",
        },
    ),
    "the root user": (
        Principal(PrincipalKind.ROOT_USER, arn=f"arn:aws:iam::{KEYS}:root", account=KEYS, organization="o-1"),
        {
            "aws:principalisawsservice": "false",
            "aws:principaltype": "Account",
            "aws:principalaccount": KEYS,
            "aws:principalarn": f"arn:aws:iam::{KEYS}:root",
            "aws:principalorgid": "o-1",
        },
    ),
    "a service": (
        Principal(PrincipalKind.SERVICE, arn="s3.amazonaws.com"),
        {"aws:principalisawsservice": "true", "aws:principalservicename": "s3.amazonaws.com"},
    ),
    "Roles Anywhere": (
        Principal(PrincipalKind.SERVICE, arn="rolesanywhere.amazonaws.com", tags={"x509Subject/CN": "orders"}),
        {
            "aws:principalisawsservice": "true",
            "aws:principalservicename": "rolesanywhere.amazonaws.com",
            "aws:principaltag/x509subject/cn": "orders",
        },
    ),
    "a token": (
        Principal(PrincipalKind.FEDERATED, arn=f"arn:aws:iam::{KEYS}:oidc-provider/login.example.com"),
        {"aws:principalisawsservice": "false"},
    ),
    "nobody": (
        Principal(PrincipalKind.ANONYMOUS),
        {"aws:principalisawsservice": "false", "aws:principaltype": "Anonymous", "aws:principalaccount": "anonymous"},
    ),
}
"""Source: IAM guide, reference_policies_condition-keys, properties of the principal."""


@pytest.mark.parametrize(("principal", "keys"), IMPLIED.values(), ids=IMPLIED)
def test_a_principal_implies_these_keys_and_no_others(principal: Principal, keys: dict[str, str]) -> None:
    assert principal.implied == keys


@pytest.mark.parametrize(("principal", "keys"), IMPLIED.values(), ids=IMPLIED)
def test_a_request_adds_the_callers_account_to_kms_alone_and_the_resources_to_all(
    principal: Principal, keys: dict[str, str]
) -> None:
    caller = {"kms:calleraccount": KEYS} if "aws:principalarn" in keys else {}
    assert Request(principal, "kms:Decrypt", KEY, KEYS).keys == {**keys, **caller, "aws:resourceaccount": KEYS}
    assert Request(
        principal, "sts:AssumeRole", f"arn:aws:iam::{OTHER}:role/a", OTHER, {"sts:ExternalId": "X"}
    ).keys == {
        **keys,
        "sts:externalid": "X",
        "aws:resourceaccount": OTHER,
    }


@pytest.mark.parametrize("who", ["a service", "a token", "nobody"])
def test_who_has_no_account_fulfils_no_condition_on_it(who: str) -> None:
    principal = IMPLIED[who][0]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    for operator, outcome in (
        ("StringEquals", Outcome.IMPLICIT_DENY),
        ("StringNotEquals", Outcome.ALLOWED),
        ("StringEqualsIfExists", Outcome.IMPLICIT_DENY if who == "nobody" else Outcome.ALLOWED),
    ):
        condition = {operator: {"aws:PrincipalAccount": KEYS}}
        policy = Policy.parse({"Statement": {**statement, "Condition": condition}}, name="key policy", kind="resource")
        assert authorize(Request(principal, "kms:Decrypt", KEY, KEYS), Policies(resource=policy)).outcome is outcome


@pytest.mark.parametrize(
    "key",
    [
        *("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalType", "aws:username"),
        *("aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "kms:CallerAccount", "aws:PrincipalTag/team"),
    ],
)
def test_what_the_principal_implies_cannot_be_given(key: str) -> None:
    for name in (key, key.lower(), key.upper()):
        with pytest.raises(InvalidRequest, match=r"the principal implies it, it cannot be given"):
            Request(session(KEYS), "kms:Decrypt", KEY, KEYS, {name: "x"})
