"""Tables of the proof a second time, typed by hand from AWS's documents, and everybody who asks for a shared role."""

from __future__ import annotations

from collections import Counter

from tenant_keys.review.proof import (
    action_classes,
    document,
    exact,
    inventory,
    key_records,
    opaque_ids,
    promise,
    reach,
    solutions,
    stopped,
)
from tenant_keys.review.proof.prove import WORST_FIRST
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.session_callers import callers
from tenant_keys.review.proof.world import build_world
from tests.review.proof.test_kinds import estate_of
from tools.random_estates.small_estates import CENTRAL, templates_of


def words(names: frozenset[str]) -> str:
    return " ".join(sorted(names))


def test_what_is_known_of_keys_is_this() -> None:
    spec = {"kms:keyspec": "SYMMETRIC_DEFAULT", "kms:customermasterkeyspec": "SYMMETRIC_DEFAULT"}
    spec |= {"kms:keyusage": "ENCRYPT_DECRYPT", "kms:customermasterkeyusage": "ENCRYPT_DECRYPT"}
    assert {name: [value] for name, value in spec.items()} == key_records._SYMMETRIC
    assert {**spec, "kms:keyorigin": "AWS_KMS", "kms:multiregion": "false"} == stopped._OF_TOPIC_KEY
    assert {name: words(actions) for name, actions in promise.OPERATIONS.items()} == {
        "encrypt": "kms:encrypt kms:generatedatakey kms:generatedatakeywithoutplaintext",
        "decrypt": "kms:decrypt",
        "re-encrypt": "kms:reencryptfrom kms:reencryptto",
    }
    assert words(action_classes._SPECIAL) == (
        "kms:decrypt kms:describekey kms:getparametersforimport kms:getpublickey kms:importkeymaterial "
        "kms:schedulekeydeletion"
    )


def test_what_is_known_of_requests_is_this() -> None:
    assert words(document.VARIABLES) == (
        "aws:principalaccount aws:principalorgid aws:principaltype aws:resourceaccount aws:username kms:calleraccount"
    )
    assert words(solutions.LIMITED) == "kms:requestalias resource"
    assert words(stopped._OF_SERVICE) == (
        "aws:principalisawsservice aws:principalservicename aws:requestedregion aws:resourceaccount aws:resourceorgid "
        "aws:securetransport kms:customermasterkeyspec kms:customermasterkeyusage kms:keyorigin kms:keyspec "
        "kms:keyusage kms:multiregion kms:multiregionkeytype kms:resourcealiases"
    )
    assert stopped._IAM_ANSWERS_IN == {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
    assert words(reach.TELEMETRY) == (
        "cloudwatch:putmetricdata logs:createloggroup logs:createlogstream logs:putlogevents xray:puttelemetryrecords "
        "xray:puttracesegments"
    )
    assert reach.MUTATORS == ("iam", "organizations", "cloudformation", "ram", "sso")
    assert WORST_FIRST == ("refuted", "not proved", "proved")


def test_the_types_of_resources_that_the_inventory_reads_are_these() -> None:
    assert {"AWS::CDK::Metadata"} == inventory._QUIET
    assert words(inventory._KMS) == "AWS::KMS::Alias AWS::KMS::Key AWS::KMS::ReplicaKey"
    assert words(inventory._APART) == "AWS::Organizations::Policy AWS::SSM::Parameter"
    assert words(inventory._BINDING) == (
        "AWS::EKS::PodIdentityAssociation AWS::IAM::OIDCProvider AWS::RolesAnywhere::Profile "
        "AWS::RolesAnywhere::TrustAnchor"
    )
    tagged = (
        "AWS::CloudFormation::StackSet AWS::CloudTrail::Trail AWS::CloudWatch::Alarm AWS::Events::Rule AWS::S3::Bucket "
        "AWS::SNS::Topic"
    )
    assert words(inventory._AUDIT_TAGGED) == tagged
    without = {"AWS::Events::EventBusPolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"}
    assert {*tagged.split()} | without == inventory._AUDIT
    assert {
        *("AWS::CloudFormation::LambdaHook", "AWS::Lambda::Function", "AWS::Logs::LogGroup"),
    } == inventory._HOOK


def test_a_difference_of_these_properties_is_no_breach_yet() -> None:
    assert words(exact._EITHER_WAY) == (
        "BucketEncryption EventSelectors LifecycleConfiguration ManagedExecution OperationPreferences"
    )


def test_prose_is_in_these_properties() -> None:
    assert {name: words(prose) for name, prose in opaque_ids._PROSE.items()} == {
        "AWS::CloudFormation::StackSet": "Description TemplateBody",
        "AWS::CloudWatch::Alarm": "AlarmDescription Metrics",
        "AWS::Events::Rule": "Description EventPattern Targets",
        "AWS::Lambda::Function": "Code Description",
    }
    assert words(opaque_ids._GRAMMAR) == "Action Effect NotAction Version"
    assert words(opaque_ids._SUPPRESSIONS) == "cdk_nag cfn_nag checkov guard"
    assert words(opaque_ids._OF_CDK) == "BootstrapVersion CheckBootstrapVersion"


def test_everybody_whom_a_trust_policy_distinguishes_asks_for_a_shared_role() -> None:
    estate = estate_of("acme: {workloads: [orders, billing, portal]}")
    reviewed = review_estate(templates_of(estate), estate)
    world = build_world(estate, reviewed.inventory, reviewed.promises, reviewed.classes)
    (shared,) = (one for one in world.other_roles if one.arn.endswith("shared.billing"))
    asking = list(callers(shared, world))
    own = f"arn:aws:iam::{CENTRAL}:role/tenant-keys"
    accounts = (CENTRAL, "222222222222", "333333333333")
    nobody = "000000000000"
    tokens = [
        f"a holder of a token of {issuer}.example.com for audience {audience}{azp}"
        for issuer in ("login", "other")
        for audience in ("portal-keys", "any")
        for azp in ("", " with azp portal-keys", " with azp any")
    ]
    assert Counter(one.label for one in asking) == {
        # Whose own policies do not ask for a tag has none.
        f"a session of {own}/orders/tenant-acme.orders": 1,
        f"a session of {own}/billing/shared.billing": 4,
        f"a session of {own}/portal/shared.portal": 4,
        "a session of arn:aws:iam::222222222222:role/tenant-keys-orders": 1,
        "a session of arn:aws:iam::333333333333:role/tenant-keys-billing": 1,
        **{f"a session of arn:aws:iam::{account}:role/other": 1 for account in accounts},
        **{f"the root user of account {account}": 1 for account in accounts},
        **{f"the user arn:aws:iam::{account}:user/other": 1 for account in accounts},
        # In none, in the manifest's and in another organization.
        f"a session of arn:aws:iam::{nobody}:role/other": 3,
        f"the root user of account {nobody}": 3,
        f"the user arn:aws:iam::{nobody}:user/other": 3,
        "the service other.amazonaws.com": 1,
        "a holder of a certificate of any common name under any": 1,
        "anybody": 1,
        **dict.fromkeys(tokens, 1),
    }
    everything = {one.label for one in asking if one.identity and one.identity[0].policy.name.startswith("full")}
    assert f"a session of {own}/orders/tenant-acme.orders" not in everything
    assert "a session of arn:aws:iam::222222222222:role/tenant-keys-orders" in everything
