"""What a resource will be called in AWS: the return values of Ref and Fn::GetAtt, per type, in one table.

Source of each row: the "Return values" of the type's page in the CloudFormation template reference
(docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-<service>-<type>.html), checked against
`primaryIdentifier` (Ref) and `readOnlyProperties` (Fn::GetAtt) of the type's registry schema as shipped in cfn-lint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tenant_keys.review.assembly.model import Resource

# Marks an id that AWS has yet to choose. `!` occurs in no key id, IAM name or alias, and the reader refuses a template
# that contains the mark, so no text of a template equals such an id. A pattern may still match it: anyone who decides
# patterns must not rely on a partial one (`key/a*`) missing it.
UNRESOLVED = "unresolved!"


class NewResource(Protocol):
    """A resource about to be created: where, from what, and its resolved properties."""

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def partition(self) -> str: ...
    @property
    def stack(self) -> str: ...
    @property
    def logical_id(self) -> str: ...

    def given(self, name: str) -> object:
        """Return a resolved property, or None where the template has none."""

    def required(self, name: str) -> str:
        """Return a resolved property that must be there as text."""


Value = Callable[[NewResource], str]


@dataclass(frozen=True, slots=True)
class ReturnValues:
    """What Ref and Fn::GetAtt return for one type of resource."""

    ref: Value
    attributes: Mapping[str, Value]


def is_unresolved(text: str) -> bool:
    """Tell whether a text contains an id that AWS has yet to choose."""
    return UNRESOLVED in text


def unresolved_id(place: NewResource | Resource) -> str:
    """The id that AWS chose for a resource, or the mark for it; the same wherever the resource is referred to."""
    if isinstance(place, Resource) and place.physical_id is not None:
        return place.physical_id
    return f"{UNRESOLVED}{place.account}!{place.region}!{place.stack}!{place.logical_id}"


def _arn(new: NewResource, service: str, resource: str) -> str:
    region = "" if service == "iam" else new.region
    return f"arn:{new.partition}:{service}:{region}:{new.account}:{resource}"


def _named(name: str) -> Value:
    """Return the given name, or the one that CloudFormation generates."""
    return lambda new: unresolved_id(new) if new.given(name) is None else new.required(name)


def _given(name: str) -> Value:
    return lambda new: new.required(name)


def _path(new: NewResource) -> str:
    return "/" if new.given("Path") is None else new.required("Path")


def _iam_arn(kind: str, name: Value) -> Value:
    return lambda new: _arn(new, "iam", kind + _path(new) + name(new))


def _arn_of(service: str, kind: str, name: Value) -> Value:
    return lambda new: _arn(new, service, kind + name(new))


def _key_id(new: NewResource) -> str:
    # A multi-Region key's id begins with mrk-: KMS developer guide, "How multi-Region keys work".
    multi_region = new.given("MultiRegion") in (True, "true")
    return ("mrk-" if multi_region else "") + unresolved_id(new)


def _replica_key_id(new: NewResource) -> str:
    # "Related multi-Region keys have the same key ID": return value KeyId of AWS::KMS::ReplicaKey.
    return new.required("PrimaryKeyArn").rpartition("/")[2]


def _provider_arn(new: NewResource) -> str:
    # arn:aws:iam::<account>:oidc-provider/<url without https://>: IAM user guide, "IAM identifiers".
    return _arn(new, "iam", "oidc-provider/" + new.required("Url").removeprefix("https://"))


def _parameter_arn(new: NewResource) -> str:
    return _arn(new, "ssm", "parameter/" + _named("Name")(new).removeprefix("/"))


def _association_arn(new: NewResource) -> str:
    return _arn(new, "eks", f"podidentityassociation/{new.required('ClusterName')}/{unresolved_id(new)}")


_ROLE_NAME = _named("RoleName")
_POLICY_ARN = _iam_arn("policy", _named("ManagedPolicyName"))
_PROFILE_NAME = _named("InstanceProfileName")

RETURN_VALUES: Mapping[str, ReturnValues] = {
    "AWS::KMS::Key": ReturnValues(_key_id, {"Arn": _arn_of("kms", "key/", _key_id), "KeyId": _key_id}),
    "AWS::KMS::ReplicaKey": ReturnValues(
        _replica_key_id, {"Arn": _arn_of("kms", "key/", _replica_key_id), "KeyId": _replica_key_id}
    ),
    "AWS::KMS::Alias": ReturnValues(_given("AliasName"), {}),
    "AWS::IAM::Role": ReturnValues(_ROLE_NAME, {"Arn": _iam_arn("role", _ROLE_NAME), "RoleId": unresolved_id}),
    "AWS::IAM::OIDCProvider": ReturnValues(_provider_arn, {"Arn": _provider_arn}),
    "AWS::IAM::ManagedPolicy": ReturnValues(_POLICY_ARN, {"PolicyArn": _POLICY_ARN, "PolicyId": unresolved_id}),
    "AWS::IAM::InstanceProfile": ReturnValues(_PROFILE_NAME, {"Arn": _iam_arn("instance-profile", _PROFILE_NAME)}),
    "AWS::RolesAnywhere::TrustAnchor": ReturnValues(
        unresolved_id,
        {"TrustAnchorArn": _arn_of("rolesanywhere", "trust-anchor/", unresolved_id), "TrustAnchorId": unresolved_id},
    ),
    "AWS::RolesAnywhere::Profile": ReturnValues(
        unresolved_id, {"ProfileArn": _arn_of("rolesanywhere", "profile/", unresolved_id), "ProfileId": unresolved_id}
    ),
    "AWS::SSM::Parameter": ReturnValues(
        _named("Name"), {"Arn": _parameter_arn, "Type": _given("Type"), "Value": _given("Value")}
    ),
    "AWS::EKS::PodIdentityAssociation": ReturnValues(
        _association_arn, {"AssociationArn": _association_arn, "AssociationId": unresolved_id}
    ),
    "AWS::Logs::LogGroup": ReturnValues(
        _named("LogGroupName"),
        {"Arn": lambda new: _arn(new, "logs", f"log-group:{_named('LogGroupName')(new)}:*")},
    ),
    "AWS::SNS::Topic": ReturnValues(
        _arn_of("sns", "", _named("TopicName")),
        {"TopicArn": _arn_of("sns", "", _named("TopicName")), "TopicName": _named("TopicName")},
    ),
    "AWS::Lambda::Function": ReturnValues(
        _named("FunctionName"), {"Arn": _arn_of("lambda", "function:", _named("FunctionName"))}
    ),
    "AWS::S3::Bucket": ReturnValues(
        _named("BucketName"), {"Arn": lambda new: f"arn:{new.partition}:s3:::{_named('BucketName')(new)}"}
    ),
}
