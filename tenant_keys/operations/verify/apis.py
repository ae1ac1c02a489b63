"""The calls that verify makes, and no others: the reader policy is generated from this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tenant_keys.operations.verify.template_digest import digest_of_answer

CENTRAL: Final = ("central",)
WORKLOAD: Final = ("workload",)
BOTH: Final = (*CENTRAL, *WORKLOAD)
STACKS: Final = (*BOTH, "management")
"""Accounts with stacks: that of the control policies too, where the manifest asks for any."""


@dataclass(frozen=True, slots=True)
class Api:
    """One read operation."""

    operation: str
    """As boto3 names it."""
    items: str | None = None
    """The member that holds a page's items; None where the whole answer counts."""
    token: str = "Marker"  # noqa: S105  # of a page
    """The member of the request that names the next page."""
    next_token: str = "NextMarker"  # noqa: S105
    """The member of the answer that names the next page."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of every call."""
    absent: frozenset[str] = frozenset()
    """Error codes that mean: there is none. An answer, and no failure."""
    accounts: tuple[str, ...] = CENTRAL
    """Asked in the key account, in workload accounts, in the management account."""
    of_keys: bool = False
    """IAM decides it for a key, beside the key policy; else for the account."""
    keep: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    """What of an answer is kept, where that is not all."""

    def members(self, answer: Mapping[str, Any]) -> list[Any]:
        """The items of one page."""
        if self.keep is not None:
            return [self.keep(answer)]
        if self.items is None:
            return [{name: value for name, value in answer.items() if name != "ResponseMetadata"}]
        return list(answer.get(self.items) or ())


def _of_key(operation: str, items: str | None = None, **fixed: Any) -> Api:
    return Api(operation, items, fixed=fixed, absent=frozenset({"NotFoundException"}), of_keys=True)


_NO_STACK: Final = frozenset({"ValidationError"})
"""CloudFormation has no error code of its own for a stack that does not exist (API_DescribeStacks)."""


def _workload(operation: str, items: str | None = None, page: str = "nextToken", *absent: str, **fixed: Any) -> Api:
    return Api(operation, items, page, page, fixed=fixed, absent=frozenset(absent), accounts=WORKLOAD)


_NO_CLUSTER: Final = "ResourceNotFoundException"
APIS: Final[Mapping[str, Api]] = {
    "cloudformation:BatchDescribeTypeConfigurations": Api(
        "batch_describe_type_configurations",
        "TypeConfigurations",
        absent=frozenset({"TypeConfigurationNotFoundException"}),
    ),
    "cloudformation:DescribeStacks": Api("describe_stacks", "Stacks", "NextToken", "NextToken", accounts=STACKS),
    "cloudformation:GetTemplate": Api(
        "get_template", fixed={"TemplateStage": "Processed"}, absent=_NO_STACK, accounts=STACKS, keep=digest_of_answer
    ),
    "cloudformation:ListStackResources": Api(
        *("list_stack_resources", "StackResourceSummaries", "NextToken", "NextToken"), absent=_NO_STACK, accounts=STACKS
    ),
    "cloudtrail:DescribeTrails": Api("describe_trails", "trailList"),
    "cloudtrail:GetEventSelectors": Api("get_event_selectors"),
    "cloudtrail:GetTrailStatus": Api("get_trail_status"),
    "eks:DescribePodIdentityAssociation": _workload(
        "describe_pod_identity_association", None, "nextToken", _NO_CLUSTER
    ),
    "eks:ListClusters": _workload("list_clusters", "clusters"),
    "eks:ListPodIdentityAssociations": _workload(
        "list_pod_identity_associations", "associations", "nextToken", _NO_CLUSTER
    ),
    "iam:GetAccountAuthorizationDetails": Api(
        "get_account_authorization_details",
        next_token="Marker",  # noqa: S106
        fixed={"Filter": ["Role", "LocalManagedPolicy"], "MaxItems": 1000},
        accounts=BOTH,
    ),
    "iam:GetOpenIDConnectProvider": Api(
        "get_open_id_connect_provider", absent=frozenset({"NoSuchEntity"}), accounts=BOTH
    ),
    "kms:DescribeKey": _of_key("describe_key"),
    "kms:GetKeyLastUsage": _of_key("get_key_last_usage"),
    "kms:GetKeyPolicy": _of_key("get_key_policy"),
    "kms:GetKeyRotationStatus": _of_key("get_key_rotation_status"),
    "kms:ListAliases": Api("list_aliases", "Aliases", fixed={"Limit": 100}),
    "kms:ListGrants": _of_key("list_grants", "Grants", Limit=100),
    "kms:ListKeyRotations": _of_key(
        "list_key_rotations", "Rotations", IncludeKeyMaterial="ALL_KEY_MATERIAL", Limit=1000
    ),
    "kms:ListKeys": Api("list_keys", "Keys", fixed={"Limit": 1000}),
    "kms:ListResourceTags": _of_key("list_resource_tags", "Tags"),
    "rolesanywhere:ListProfiles": _workload("list_profiles", "profiles"),
    "rolesanywhere:ListTagsForResource": _workload("list_tags_for_resource", "tags"),
    "rolesanywhere:ListTrustAnchors": _workload("list_trust_anchors", "trustAnchors"),
    "ssm:GetParametersByPath": _workload("get_parameters_by_path", "Parameters", "NextToken", Recursive=True),
    "ssm:ListTagsForResource": _workload("list_tags_for_resource", "TagList", "NextToken", ResourceType="Parameter"),
}
"""By the action that IAM decides. Members and tokens: botocore's service models. KMS ListGrants and ListAliases answer
at most 100 a page (AWS KMS API, Limit), ListKeys 1,000."""
