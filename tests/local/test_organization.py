"""What the local AWS says of the organization, and that nothing but our evaluator speaks of permissions."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tests.local import handmade


def refusal(call: Any, **arguments: object) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize("account", [handmade.CENTRAL, handmade.WORKLOAD])
def test_a_member_account_is_in_the_configured_organization(aws: LocalAws, account: str) -> None:
    found = aws.session(account).client("organizations").describe_organization()["Organization"]
    assert (found["Id"], found["MasterAccountId"]) == (handmade.ORGANIZATION, "000000000000")
    assert found["Arn"] == f"arn:aws:organizations::000000000000:organization/{handmade.ORGANIZATION}"


def test_an_account_of_no_organization_gets_that_answer(aws: LocalAws) -> None:
    organizations = aws.session(handmade.OUTSIDER).client("organizations")
    assert refusal(organizations.describe_organization) == "AWSOrganizationsNotInUseException"


def test_other_operations_of_organizations_are_refused_by_name(aws: LocalAws) -> None:
    organizations = aws.session(handmade.CENTRAL).client("organizations")
    assert refusal(organizations.list_accounts) == "UnsupportedAPIEndpointException"
    assert refusal(organizations.list_roots) == "UnsupportedAPIEndpointException"


def test_no_other_evaluator_answers_what_a_policy_allows(aws: LocalAws) -> None:
    iam = aws.session(handmade.CENTRAL).client("iam")
    source = f"arn:aws:iam::{handmade.CENTRAL}:user/operator"
    assert (
        refusal(iam.simulate_principal_policy, PolicySourceArn=source, ActionNames=["kms:Decrypt"]) == "NotImplemented"
    )
    assert refusal(iam.simulate_custom_policy, PolicyInputList=["{}"], ActionNames=["kms:Decrypt"]) == "NotImplemented"
