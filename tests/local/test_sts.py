"""Who may become whom; and that a caller is who its credentials say."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tenant_keys.local.errors import Refused
from tenant_keys.local.issuer import LocalIssuer
from tests.local import handmade
from tests.local.conftest import LocalEstate
from tests.local.refusal import refused

ACME = {"tenant_id": "acme"}


def test_a_workload_becomes_its_tenant(local: LocalEstate) -> None:
    session = local.tenant("acme")
    assert session.client("sts").get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{handmade.CENTRAL}:assumed-role/tenant-acme.orders/test"
    )
    made = session.client("kms").generate_data_key(KeyId="alias/tenant-acme", KeySpec="AES_256", EncryptionContext=ACME)
    assert made["KeyId"] == local.key_of["acme"][1]


def test_code_runs_only_as_a_role_that_trusts_its_service(local: LocalEstate) -> None:
    with pytest.raises(Refused, match=r"ec2\.amazonaws\.com is not authorized to perform: sts:AssumeRole"):
        local.aws.run_as(handmade.ORDERS_RUNTIME, service="ec2.amazonaws.com")


def test_another_workload_does_not_become_the_tenant(local: LocalEstate) -> None:
    with refused("AccessDenied"):
        local.become(local.billing(), handmade.tenant_role("acme"))


def test_an_administrator_of_the_key_account_does_not_become_the_tenant(local: LocalEstate) -> None:
    with refused("AccessDenied"):
        local.become(local.aws.session(credentials=local.aws.operator()), handmade.tenant_role("acme"))


def test_the_root_user_assumes_no_role(local: LocalEstate) -> None:
    with refused("AccessDenied", "Roles may not be assumed by root accounts"):
        local.become(local.aws.session(handmade.WORKLOAD), handmade.tenant_role("acme"))


def test_a_role_that_is_not_there_and_one_that_does_not_trust_look_the_same(local: LocalEstate) -> None:
    for name in ("tenant-nobody.orders", "tenant-acme.billing"):
        with refused("AccessDenied", "is not authorized to perform: sts:AssumeRole on resource"):
            local.become(local.orders(), f"arn:aws:iam::{handmade.CENTRAL}:role/tenant-keys/orders/{name}")


def test_a_role_is_known_by_its_path_too(local: LocalEstate) -> None:
    with refused("AccessDenied"):
        local.become(local.orders(), f"arn:aws:iam::{handmade.CENTRAL}:role/tenant-acme.orders")


@pytest.mark.parametrize(
    "tags",
    [
        [],
        [{"Key": "tenant_id", "Value": ""}],
        [{"Key": "tenant_id", "Value": "acme"}, {"Key": "more", "Value": "x"}],
        [{"Key": "more", "Value": "x"}],
    ],
    ids=["none", "empty", "one too many", "another"],
)
def test_the_shared_role_wants_exactly_the_tenant_tag(local: LocalEstate, tags: list[dict[str, str]]) -> None:
    with refused("AccessDenied"):
        local.become(local.billing(), handmade.SHARED, Tags=tags)


def test_tag_keys_ignore_case_so_that_none_is_there_twice(local: LocalEstate) -> None:
    tags = [{"Key": "tenant_id", "Value": "acme"}, {"Key": "Tenant_ID", "Value": "globex"}]
    with refused("InvalidParameterValue", "case insensitive"):
        local.become(local.billing(), handmade.SHARED, Tags=tags)


def test_a_session_policy_narrows_and_never_widens(local: LocalEstate) -> None:
    nothing = json.dumps(handmade.document(handmade.allow("Nothing", ["s3:GetObject"], Resource="*")))
    kms = local.tenant("acme", Policy=nothing).client("kms")
    with refused("AccessDeniedException", "no session policy allows the kms:GenerateDataKey action"):
        kms.generate_data_key(KeyId="alias/tenant-acme", KeySpec="AES_256", EncryptionContext=ACME)
    everything = json.dumps(handmade.document(handmade.allow("All", ["*"], Resource="*")))
    kms = local.tenant("acme", Policy=everything).client("kms")
    with refused("AccessDeniedException"):
        kms.generate_data_key(KeyId="alias/tenant-globex", KeySpec="AES_256", EncryptionContext=ACME)


def test_a_chained_session_lives_for_one_hour_at_most(local: LocalEstate) -> None:
    with refused("ValidationError", "1 hour session limit"):
        local.tenant("acme", DurationSeconds=3601)


def test_transitive_tags_are_inherited_and_cannot_be_set_again(local: LocalEstate) -> None:
    iam = local.aws.session().client("iam")
    operator = f"arn:aws:iam::{handmade.CENTRAL}:user/operator"
    first = f"arn:aws:iam::{handmade.CENTRAL}:role/first"
    local.aws.operator()
    for name, trusted in (("first", operator), ("second", first)):
        trust = handmade.allow("Assume", ["sts:AssumeRole", "sts:TagSession"], Principal={"AWS": trusted})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(handmade.document(trust)))
    tag = [{"Key": "tenant_id", "Value": "acme"}]
    session = local.become(
        local.aws.session(credentials=local.aws.operator()), first, Tags=tag, TransitiveTagKeys=["tenant_id"]
    )
    second = f"arn:aws:iam::{handmade.CENTRAL}:role/second"
    with refused("InvalidParameterValue", "conflicts with a transitive tag key"):
        local.become(session, second, Tags=[{"Key": "tenant_id", "Value": "globex"}])
    onward = local.become(session, second)
    with local.aws.watch() as seen, refused("AccessDeniedException"):
        onward.client("kms").describe_key(KeyId="alias/tenant-acme")
    assert seen[-1]["tags"] == {"tenant_id": "acme"}


def test_a_token_s_tenant_is_the_session_s_tenant(local: LocalEstate) -> None:
    kms = local.portal("acme").client("kms")
    kms.generate_data_key(KeyId="alias/tenant-acme", KeySpec="AES_256", EncryptionContext=ACME)
    with refused("AccessDeniedException"):
        kms.generate_data_key(KeyId="alias/tenant-globex", KeySpec="AES_256", EncryptionContext={"tenant_id": "globex"})


def _with_token(local: LocalEstate, token: str) -> None:
    sts = local.aws.session().client("sts", config=Config(signature_version=UNSIGNED))
    sts.assume_role_with_web_identity(RoleArn=handmade.PORTAL, RoleSessionName="portal", WebIdentityToken=token)


def test_forged_and_unfit_tokens_are_refused(local: LocalEstate) -> None:
    issuer = local.issuer
    good = issuer.token("portal-keys", ACME)
    header, claims, signature = good.split(".")
    others = issuer.token("portal-keys", {"tenant_id": "globex"}).split(".")[1]
    forged = LocalIssuer(issuer.url).token("portal-keys", ACME)
    cases = {
        "signed by another key": (forged, "InvalidIdentityToken"),
        "with other claims": (f"{header}.{others}.{signature}", "InvalidIdentityToken"),
        "without signature": (f"{header}.{claims}.", "InvalidIdentityToken"),
        "for another audience": (issuer.token("elsewhere", ACME), "InvalidIdentityToken"),
        "expired": (issuer.token("portal-keys", ACME, lifetime=timedelta(minutes=-5)), "ExpiredTokenException"),
        "of another issuer": (
            LocalIssuer("https://evil.example.com").token("portal-keys", ACME),
            "InvalidIdentityToken",
        ),
        "without a tenant": (issuer.token("portal-keys", {}), "AccessDenied"),
        "with a second tag": (issuer.token("portal-keys", {**ACME, "more": "x"}), "AccessDenied"),
        "no token at all": ("no-token", "InvalidIdentityToken"),
    }
    for token, code in cases.values():
        with refused(code):
            _with_token(local, token)
    _with_token(local, good)


def test_a_token_with_azp_is_read_as_sts_reads_it(local: LocalEstate) -> None:
    """STS compares azp with client ids and puts it into ISSUER:aud; aud is in ISSUER:oaud then (IAM guide)."""
    issuer = local.issuer
    _with_token(local, issuer.token("portal-keys", ACME, claims={"azp": "portal-keys"}))
    with refused("AccessDenied"):
        _with_token(local, issuer.token("elsewhere", ACME, claims={"azp": "portal-keys"}))
    for party in ("elsewhere", ["portal-keys"]):
        with refused("InvalidIdentityToken"):
            _with_token(local, issuer.token("portal-keys", ACME, claims={"azp": party}))


@pytest.mark.parametrize("service", ["kms", "sts", "s3", "iam", "dynamodb"])
@pytest.mark.parametrize(
    "change",
    [{"SecretAccessKey": "wrong"}, {"AccessKeyId": "000000000000"}, {"AccessKeyId": "ASIAAAAAAAAAAAAAAAAA"}],
    ids=["wrong secret", "account of nobody", "key of nobody"],
)
def test_credentials_that_are_not_ours_are_refused_everywhere(
    local: LocalEstate, service: str, change: dict[str, str]
) -> None:
    credentials = {"AccessKeyId": handmade.CENTRAL, "SecretAccessKey": "test", **change}
    client = local.aws.session(credentials=credentials).client(service)  # type: ignore[call-overload]
    call = {
        "kms": "list_keys",
        "sts": "get_caller_identity",
        "s3": "list_buckets",
        "iam": "list_roles",
        "dynamodb": "list_tables",
    }[service]
    with pytest.raises(
        Exception,
        match=r"InvalidSignature|SignatureDoesNotMatch|UnrecognizedClient|InvalidClientToken|InvalidAccessKeyId",
    ):
        getattr(client, call)()


def test_an_unsigned_request_is_nobody_s(local: LocalEstate) -> None:
    kms = local.aws.session().client("kms", config=Config(signature_version=UNSIGNED))
    with refused("MissingAuthenticationTokenException"):
        kms.list_keys()


def test_ministack_s_own_sts_and_kms_are_shut(local: LocalEstate) -> None:
    """A request signed for another service does not reach them by naming their operations."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    role = f"RoleArn={handmade.tenant_role('acme')}&RoleSessionName=sneaky"
    for target, body in (
        (
            "AWSSecurityTokenServiceV20110615.AssumeRole",
            json.dumps({"RoleArn": handmade.tenant_role("acme")}),
        ),
        ("TrentService.ListKeys", "{}"),
        ("", f"Action=AssumeRole&Version=2011-06-15&{role}"),
        ("", f"Action=AssumeRole&{role}"),
    ):
        content_type = "application/x-amz-json-1.1" if target else "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type} | ({"X-Amz-Target": target} if target else {})
        request = AWSRequest("POST", f"{local.aws.endpoint}/", headers=headers, data=body)
        credentials = local.orders().get_credentials()
        assert credentials is not None
        SigV4Auth(credentials, "iam", handmade.REGION).add_auth(request)
        trusted = str(local.aws.settings.certificate)
        answer = URLLib3Session(verify=trusted).send(request.prepare())  # type: ignore[arg-type]  # a path will do
        assert answer.status_code >= 400, (target, body)
        assert b"AccessKeyId" not in answer.content
