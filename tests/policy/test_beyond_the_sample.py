"""Policies that the sample does not show, typed by hand: re-encryption, replicas, no organization, exact sizes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.policy import names
from tenant_keys.policy.access_role import shared_role_policy, tenant_role_policy, tenant_role_trust, web_identity_trust
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.policy.limits import PolicyTooLarge, check_size
from tenant_keys.policy.statement import Statement
from tenant_keys.policy.workload_role import workload_role_trust
from tests.policy.estates import UMBRELLA_KEY, estate_of_text, manifest, sample, with_tenant

ROOT_OF_KEYS = {"AWS": "arn:aws:iam::111111111111:root"}


def reencrypting() -> Estate:
    return estate_of_text(
        manifest(
            workloads="""\
  moves: {account: '222222222222', runs_on: lambda, operations: [re-encrypt]}
  batch: {account: '222222222222', runs_on: batch, access: session-tag, operations: [re-encrypt, decrypt]}""",
            tenants="  acme: {workloads: [moves, batch], decrypt_by: key}",
        )
    )


def by_sid(statements: list[Statement]) -> dict[str, Statement]:
    return {statement["Sid"]: statement for statement in statements}


def test_a_workload_that_re_encrypts_is_allowed_both_ends_by_the_key_and_nothing_else() -> None:
    estate = reencrypting()
    statements = by_sid(key_policy(estate.tenants["acme"], estate)["Statement"])
    tenants, shared = (
        "arn:aws:iam::111111111111:role/tenant-keys/moves/tenant-acme.moves",
        "arn:aws:iam::111111111111:role/tenant-keys/batch/shared.batch",
    )
    assert statements["ReEncryptThroughTenantRole"] == {
        "Sid": "ReEncryptThroughTenantRole",
        "Effect": "Allow",
        "Principal": ROOT_OF_KEYS,
        "Resource": "*",
        "Action": ["kms:ReEncryptFrom", "kms:ReEncryptTo"],
        "Condition": {"ArnEquals": {"aws:PrincipalArn": [tenants]}},
    }
    assert statements["ReEncryptThroughSharedRole"] == {
        "Sid": "ReEncryptThroughSharedRole",
        "Effect": "Allow",
        "Principal": ROOT_OF_KEYS,
        "Resource": "*",
        "Action": ["kms:ReEncryptFrom", "kms:ReEncryptTo"],
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": [shared]},
            "StringEquals": {"aws:PrincipalTag/tenant_id": "acme"},
        },
    }
    assert {sid for sid in statements if "Through" in sid} == {
        *("ReEncryptThroughTenantRole", "ReEncryptThroughSharedRole", "DecryptThroughSharedRole"),
        *("DescribeThroughTenantRole", "DescribeThroughSharedRole"),
    }


def test_a_role_that_only_re_encrypts_is_not_given_decrypt_by_key() -> None:
    estate = reencrypting()
    policy = tenant_role_policy(estate.tenants["acme"], estate.workloads["moves"], estate)
    assert [(statement["Sid"], statement["Action"]) for statement in policy["Statement"]] == [
        ("UseOwnTenantKey", ["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("DescribeOwnTenantKey", ["kms:DescribeKey"]),
    ]


def test_a_shared_role_decrypts_by_key_where_one_of_its_tenants_does() -> None:
    estate = reencrypting()
    policy = shared_role_policy(estate.workloads["batch"], estate)
    assert [(statement["Sid"], statement["Action"]) for statement in policy["Statement"]] == [
        ("UseOwnTenantKey", ["kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("DecryptWithOwnTenantKey", ["kms:Decrypt"]),
        ("DescribeOwnTenantKey", ["kms:DescribeKey"]),
    ]
    others = with_tenant(sample(), "acme", decrypt_by="key")
    assert "DecryptWithOwnTenantKey" not in by_sid(
        shared_role_policy(sample().workloads["portal"], sample())["Statement"]
    )
    assert "DecryptWithOwnTenantKey" in by_sid(shared_role_policy(others.workloads["portal"], others)["Statement"])


def test_without_an_organization_no_statement_speaks_of_one() -> None:
    estate = replace(sample(), organization=None)
    trust = tenant_role_trust(estate.workloads["orders"], estate)
    assert trust["Statement"][0]["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::222222222222:role/tenant-keys-orders"]}
    }
    policy = key_policy(estate.tenants["acme"], estate)
    assert "DenyOutsideOrganization" not in by_sid(policy["Statement"])
    assert "aws:PrincipalOrgID" not in json.dumps(policy)


def test_a_key_that_nobody_uses_is_denied_to_everybody_without_a_condition() -> None:
    """A condition with an empty list of roles would be read by nobody the same way."""
    estate = with_tenant(sample(), "acme", workloads=())
    statements = by_sid(key_policy(estate.tenants["acme"], estate)["Statement"])
    assert "Condition" not in statements["DenyUseByAnyoneElse"]
    assert not [sid for sid in statements if "Through" in sid]
    assert "DenySharedRoleOfOtherTenant" not in statements


@pytest.mark.parametrize(
    ("tenant", "key_id", "regions"),
    [
        ("acme", None, ("eu-west-1",)),
        ("umbrella", None, ("eu-west-1",)),
        ("umbrella", UMBRELLA_KEY, ("eu-west-1", "eu-central-1")),
    ],
)
def test_an_alias_can_be_named_in_the_regions_where_its_key_is_deployed(
    tenant: str, key_id: str | None, regions: tuple[str, ...]
) -> None:
    estate = with_tenant(sample(), tenant, multi_region_key_id=key_id)
    assert names.alias_regions(estate.tenants[tenant], estate) == regions


def test_an_alias_is_named_with_its_account_and_region() -> None:
    arn = names.alias_arn("acme", "eu-north-1", sample())
    assert arn == "arn:aws:kms:eu-north-1:111111111111:alias/tenant-acme"


def test_a_provider_is_named_by_its_issuer_without_the_scheme() -> None:
    arn = names.oidc_provider_arn("https://login.example.com/a", sample())
    assert arn == "arn:aws:iam::111111111111:oidc-provider/login.example.com/a"


def test_a_document_of_exactly_the_limit_is_accepted_and_one_character_more_is_not() -> None:
    """`{"Version":"2012-10-17"}` has 24 characters, and AWS counts no white space."""
    document = {"Version": "2012-10-17"}
    assert check_size(document, 24, "key policy", "shorten it") is document
    with pytest.raises(PolicyTooLarge) as refused:
        check_size(document, 23, "key policy", "shorten it")
    assert str(refused.value) == "key policy: got 24 characters, AWS accepts 23; shorten it"


@pytest.mark.parametrize(
    ("expires", "model"), [(True, "KEY_MATERIAL_EXPIRES"), (False, "KEY_MATERIAL_DOES_NOT_EXPIRE")]
)
def test_material_is_imported_with_the_expiry_that_the_manifest_says(expires: bool, model: str) -> None:
    estate = with_tenant(sample(), "globex", material_expires=expires)
    statement = by_sid(key_policy(estate.tenants["globex"], estate)["Statement"])["ImportMaterial"]
    assert statement["Action"] == ["kms:ImportKeyMaterial"]
    assert statement["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::111111111111:role/key-import/globex-key-import"]},
        "StringEquals": {"kms:ExpirationModel": model},
    }


def test_a_workload_that_lacks_what_its_trust_needs_has_no_trust_policy() -> None:
    """The manifest refuses each; a policy without the condition must not result, regardless of the caller."""
    portal, orders = sample().workloads["portal"], sample().workloads["orders"]
    for lacking in (replace(portal, identity_provider=None), replace(portal, audience=None), orders):
        with pytest.raises(ValueError, match=rf"workload {lacking.name} has no identity provider"):
            web_identity_trust(lacking, "arn:aws:iam::111111111111:oidc-provider/login.example.com")
    premises = estate_of_text(
        manifest(
            workloads="  orders: {account: '222222222222', runs_on: roles-anywhere, roles_anywhere: "
            "{certificate_authority: 'arn:aws:acm-pca:eu-west-1:222222222222:certificate-authority/"
            "11111111-2222-3333-4444-555555555555', common_name: orders}}"
        )
    ).workloads["orders"]
    for workload, anchor in ((premises, None), (replace(premises, roles_anywhere=None), "arn")):
        with pytest.raises(ValueError, match="workload orders has no trust anchor"):
            workload_role_trust(workload, anchor)
