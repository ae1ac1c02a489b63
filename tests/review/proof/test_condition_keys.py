"""What is known of each condition key, typed by hand from AWS's documents; a key that is in no row is not known.

IAM guide, reference_policies_condition-keys and reference_policies_iam-condition-keys; AWS KMS guide, conditions-kms.
"""

from __future__ import annotations

from string import ascii_letters, ascii_uppercase, digits
from typing import Any

import pytest

from tenant_keys.review.iam import catalogue
from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.condition_keys import OF_PRINCIPAL, Form, Key, Source, Type, is_claim, known

CALLER, PLACE, PRINCIPAL, RESOURCE = Source.CALLER, Source.PLACE, Source.PRINCIPAL, Source.RESOURCE
TRUTH, NUMBER, DATE, ADDRESS = Type.TRUTH, Type.NUMBER, Type.DATE, Type.ADDRESS
NAME = (f"{ascii_letters}{digits}_+=,.@-", 2)
ROWS: list[tuple[Key, str]] = [
    (
        Key(PRINCIPAL),
        (
            "aws:principalarn aws:principalaccount aws:principalorgid aws:principaltype aws:principalisawsservice "
            "aws:principalservicename aws:username kms:calleraccount aws:principaltag/tenant_id"
        ),
    ),
    (
        Key(PLACE),
        (
            "aws:userid aws:principalorgpaths aws:federatedprovider aws:sourceidentity aws:ec2instancesourcevpc "
            "ec2:sourceinstancearn lambda:sourcefunctionarn glue:roleassumedby glue:credentialissuingservice "
            "ssm:sourceinstancearn aws:sourcevpc aws:sourcevpcarn aws:sourcevpce aws:vpceaccount aws:vpceorgid "
            "aws:vpceorgpaths aws:useragent aws:referer aws:resourceorgid aws:resourceorgpaths aws:resourcetag/plan "
            "kms:replicaregion kms:primaryregion sts:sourceidentity"
        ),
    ),
    (
        Key(PLACE, usual=(None,)),
        (
            "aws:principalservicenameslist aws:chatbotsourcearn aws:calledvia aws:calledviafirst aws:calledvialast "
            "aws:calledviaawsmcp aws:sourceaccount aws:sourcearn aws:sourceorgid aws:sourceorgpaths aws:sourceowner "
            "aws:ismcpserviceaction kms:viaservice sts:externalid sts:transitivetagkeys sts:requestcontextproviders "
            "kms:recipientattestation:imagesha384 kms:recipientattestation:pcr0"
        ),
    ),
    (Key(PLACE, DATE), "aws:tokenissuetime kms:validto"),
    (Key(PLACE, TRUTH), "aws:multifactorauthpresent kms:reencryptonsamekey sts:roleauthorizedbyidp"),
    (
        Key(PLACE, NUMBER),
        "aws:multifactorauthage ec2:roledelivery kms:rotationperiodindays kms:trailingdayswithoutkeyusage",
    ),
    (
        Key(PLACE, TRUTH, usual=(None, "false")),
        "aws:assumedroot aws:viaawsmcpservice kms:bypasspolicylockoutsafetycheck",
    ),
    (Key(PLACE, ADDRESS), "aws:ec2instancesourceprivateipv4 aws:sourceip aws:vpcsourceip"),
    (Key(PLACE, TRUTH, always=True, usual=("false",)), "aws:viaawsservice"),
    (Key(CALLER, TRUTH, always=True, usual=("true",)), "aws:securetransport"),
    (
        Key(CALLER),
        (
            "aws:tagkeys aws:requesttag/tenant_id kms:requestalias kms:encryptioncontext:tenant_id "
            "kms:encryptioncontextkeys kms:expirationmodel kms:wrappingalgorithm kms:wrappingkeyspec "
            "kms:grantoperations login.example.com:aud cognito-identity.amazonaws.com:amr saml:aud"
        ),
    ),
    (Key(CALLER, always=True), "aws:requestedregion"),
    (Key(CALLER, usual=("SYMMETRIC_DEFAULT",)), "kms:encryptionalgorithm"),
    (Key(CALLER, TRUTH), "kms:grantisforawsresource"),
    (Key(CALLER, NUMBER), "kms:schedulekeydeletionpendingwindowindays sts:durationseconds"),
    (Key(CALLER, required=True, form=Form("", (NAME,), 64)), "sts:rolesessionname"),
    (Key(Source.TIME, DATE, always=True), "aws:currenttime aws:epochtime"),
    (Key(RESOURCE, always=True), "aws:resourceaccount"),
    (
        Key(RESOURCE),
        (
            "kms:keyorigin kms:keyspec kms:keyusage kms:multiregionkeytype kms:resourcealiases "
            "kms:customermasterkeyspec kms:customermasterkeyusage"
        ),
    ),
    (Key(RESOURCE, TRUTH), "kms:multiregion"),
]


@pytest.mark.parametrize(("entry", "keys"), ROWS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_key_has_the_source_type_and_values_that_aws_documents(entry: Key, keys: str) -> None:
    for key in keys.split():
        assert known(key) == entry, key


@pytest.mark.parametrize(
    "key",
    [
        *("aws:principaltag/", "aws:nosuchkey", "kms:nosuchkey", "sts:nosuchkey", "s3:prefix", "iam:policyarn"),
        *("dynamodb:leadingkeys", "ec2:nosuchkey", "", "aws:", "kms:", "login"),
    ],
)
def test_a_key_of_which_nothing_is_known_is_named(key: str) -> None:
    with pytest.raises(NotProved, match=rf"^{key}: the proof does not know this condition key$"):
        known(key)


def test_every_condition_key_of_kms_and_sts_is_known_but_one_without_a_type() -> None:
    """Those that the service authorization reference lists for an action."""
    services = ("aws", "kms", "sts")
    actions = (*catalogue.actions("kms"), *catalogue.actions("sts"))
    listed = {key.lower() for action in actions for key in catalogue.condition_keys(action)}
    ours = {key for key in listed if key.partition(":")[0] in services}
    assert len(ours) > 100
    unknown = set()
    for key in ours:
        try:
            known(key)
        except NotProved:
            unknown.add(key)
    assert unknown == {"kms:recipientattestation:pcr8:servicename"}


ID, ACCOUNT = (f"{ascii_uppercase}{digits}", 12), (digits, 12)
USER_ID: dict[str, Form] = {
    "AssumedRole": Form("AROA", (ID, NAME), 193),
    "User": Form("AIDA", (ID,), 128),
    "Account": Form("", (ACCOUNT,), 12),
    "FederatedUser": Form("", (ACCOUNT, NAME), 45),
}


def test_more_is_known_of_some_keys_by_the_type_of_the_principal() -> None:
    expected: dict[Any, Key] = {
        ("aws:userid", kind): Key(PLACE, always=True, form=form) for kind, form in USER_ID.items()
    }
    expected |= {
        ("aws:tokenissuetime", kind): Key(PLACE, DATE, always=True) for kind in ("AssumedRole", "FederatedUser")
    }
    expected |= {
        ("aws:federatedprovider", kind): Key(PLACE, never=True) for kind in ("User", "Account", "FederatedUser")
    }
    assert expected == OF_PRINCIPAL


@pytest.mark.parametrize(
    ("key", "claims"),
    [
        ("login.example.com:sub", True),
        ("oidc.eks.eu-west-1.amazonaws.com/id/a:aud", True),
        ("a/b:aud", True),
        ("saml:sub", True),
        ("samls:sub", False),
        ("aws:x.y", False),
        ("kms:a/b", False),
        ("sts:a.b", False),
        ("s3:a.b", False),
        ("iam:a.b", False),
        ("ec2:a.b", False),
    ],
)
def test_a_claim_of_a_token_begins_with_its_issuer(key: str, *, claims: bool) -> None:
    assert is_claim(key) is claims
