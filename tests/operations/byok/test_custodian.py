"""A customer's own principal on the policies that are deployed, over the wire: its own key's material and no more."""

from __future__ import annotations

import json
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.local.deploy import operator_credentials
from tenant_keys.local.existing import assume_as_custodian, ensure_role
from tenant_keys.manifest import Estate
from tenant_keys.operations.byok import Ceremony
from tenant_keys.policy.import_role import import_role_policy, import_role_trust
from tenant_keys.policy.key_policy import key_policy
from tests.operations.byok.conftest import CENTRAL, CUSTOMER
from tests.operations.byok.test_import_role import whole_life

CUSTODIAN = f"arn:aws:iam::{CUSTOMER}:role/KeyCustodian"
IMPORTER = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/import.wonka"


@pytest.fixture
def own(aws: LocalAws, estate: Estate) -> boto3.Session:
    """Keys of wonka and globex with their real policies, the real import role, and its session by the customer."""
    kms, iam = aws.session(CENTRAL).client("kms"), aws.session(CENTRAL).client("iam")
    for each in ("wonka", "globex"):
        key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/tenant-{each}", TargetKeyId=key)
        policy_text = json.dumps(key_policy(estate.tenants[each], estate))
        kms.put_key_policy(KeyId=key, Policy=policy_text, BypassPolicyLockoutSafetyCheck=True)
    tenant = estate.tenants["wonka"]
    assert tenant.custodian is not None
    trust, policy = import_role_trust(tenant.custodian, estate), import_role_policy(tenant, estate)
    iam.create_role(RoleName="import.wonka", Path="/tenant-keys/", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="import.wonka", PolicyName="BringOwnKey", PolicyDocument=json.dumps(policy))
    return assume_as_custodian(aws, CUSTODIAN, "wonka-1", IMPORTER)


def ceremony(estate: Estate, tenant: str, session: boto3.Session) -> Ceremony:
    return Ceremony(estate.tenants[tenant], estate, lambda region: session.client("kms", region_name=region))


def test_the_customer_brings_rotates_and_withdraws_its_material_with_no_credentials_of_ours(
    own: boto3.Session, estate: Estate
) -> None:
    custody = ceremony(estate, "wonka", own)
    whole_life(custody)
    assert [(each.state, each.imported) for each in custody.read()[0].materials] == [
        ("NON_CURRENT", True),
        ("CURRENT", True),
    ]


def test_the_customer_does_nothing_else_with_its_key_and_nothing_with_anothers(
    own: boto3.Session, estate: Estate, aws: LocalAws
) -> None:
    whole_life(ceremony(estate, "wonka", own))
    kms, key, other = own.client("kms"), aws.key_id("wonka"), aws.key_id("globex")
    context = {"tenant_id": "wonka"}
    attempts: dict[str, Callable[[], object]] = {
        "Encrypt": lambda: kms.encrypt(KeyId="alias/tenant-wonka", Plaintext=b"x", EncryptionContext=context),
        "GenerateDataKey": lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context),
        "PutKeyPolicy": lambda: kms.put_key_policy(KeyId=key, Policy="{}"),
        "GetKeyPolicy": lambda: kms.get_key_policy(KeyId=key),
        "ListGrants": lambda: kms.list_grants(KeyId=key),
        "CreateGrant": lambda: kms.create_grant(KeyId=key, GranteePrincipal=IMPORTER, Operations=["Decrypt"]),
        "DisableKey": lambda: kms.disable_key(KeyId=key),
        "ScheduleKeyDeletion": lambda: kms.schedule_key_deletion(KeyId=key),
        "TagResource": lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]),
        "DescribeKey of another tenant": lambda: kms.describe_key(KeyId=other),
        "GetParametersForImport of another tenant": lambda: kms.get_parameters_for_import(
            KeyId=other, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_4096"
        ),
        "DeleteImportedKeyMaterial of another tenant": lambda: kms.delete_imported_key_material(KeyId=other),
        "CreateKey": kms.create_key,
        "ListKeys": kms.list_keys,
        "AssumeRole": lambda: own.client("sts").assume_role(RoleArn=IMPORTER, RoleSessionName="again"),
    }
    for name, attempt in attempts.items():
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["Error"]["Code"] in {"AccessDeniedException", "AccessDenied"}, name


@pytest.mark.usefixtures("own")
def test_nobody_else_obtains_a_session_of_the_import_role(aws: LocalAws) -> None:
    stranger = f"arn:aws:iam::{CUSTOMER}:role/Colleague"
    ensure_role(aws, stranger)
    for custodian, external_id in ((stranger, "wonka-1"), (CUSTODIAN, "globex-1"), (CUSTODIAN, "wonka-11")):
        with pytest.raises(ClientError, match="AccessDenied"):
            assume_as_custodian(aws, custodian, external_id, IMPORTER)
    for account in (CENTRAL, CUSTOMER):
        sts = aws.session(credentials=operator_credentials(aws, account)).client("sts")
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=IMPORTER, RoleSessionName="administrator", ExternalId="wonka-1")
