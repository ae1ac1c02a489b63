"""Every kind of finding: its id, what it means, and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of difference between what is deployed and what is expected."""

    severity: str
    """HIGH: isolation or data may be lost; MEDIUM: the declaration does not hold; LOW: it will soon not hold."""
    means: str
    way_back: str


_DEPLOY_AGAIN: Final = (
    "deploy the stack with cdk deploy --revert-drift, which compares with what is deployed: an update with an "
    "unchanged template changes nothing"
)
_AS_DEPLOYER: Final = "as the deployment role"
KINDS: Final[Mapping[str, FindingKind]] = {
    "alias-moved": FindingKind(
        "HIGH",
        "A tenant's alias does not point at the key that its stack created. Requests by alias use the other key, "
        "which cannot decrypt earlier data.",
        f"find who changed the alias (CloudTrail: UpdateAlias, DeleteAlias, CreateAlias); {_AS_DEPLOYER}, delete the "
        "alias and create it again for the key of the stack; then look for data that was encrypted under the other key",
    ),
    "alias-missing": FindingKind(
        "HIGH",
        "A tenant's alias does not exist: nobody can use its key.",
        f"{_AS_DEPLOYER}, kms:CreateAlias with this name for the key of the stack",
    ),
    "alias-foreign": FindingKind(
        "HIGH",
        "An alias of the estate's own pattern belongs to no tenant of the manifest and its lock. A new tenant of this "
        "id could not have its alias, and a role for such an alias could use this key.",
        f"find who created the alias (CloudTrail: CreateAlias), and {_AS_DEPLOYER}, delete it",
    ),
    "aliases-too-many": FindingKind(
        "MEDIUM",
        "A tenant's key has a second alias. Conditions on kms:ResourceAliases match any alias of a key, and fail "
        "if the key has more than 50.",
        f"{_AS_DEPLOYER}, delete the alias",
    ),
    "key-missing": FindingKind(
        "HIGH",
        "The key that a stack created is no longer in the account, or the stack is not deployed.",
        "if CloudTrail shows DeleteKey the data of this tenant is lost; if the stack was never deployed, deploy it",
    ),
    "key-unknown": FindingKind(
        "HIGH",
        "The key account has a customer managed key that belongs to no tenant, tombstone or stack of the estate, or "
        "a tenant's multi-Region key has a replica in a Region in which it should have none.",
        "bring it into the estate (tenant-keys adopt), or move it out of this account",
    ),
    "orphan": FindingKind(
        "LOW",
        "CloudFormation created this key for a stack of the estate that does not contain it: a failed first deployment "
        "leaves such a key, which is retained and costs as much as any other.",
        "make sure that GetKeyLastUsage shows no use, and schedule its deletion as break-glass",
    ),
    "key-state": FindingKind(
        "HIGH",
        "A key is not in the state that its tenant's state requires, or is not the declared kind of key.",
        "enable or disable the key, or cancel its deletion, as the tenant's state requires; import missing key "
        "material again (tenant-keys byok)",
    ),
    "rotation": FindingKind(
        "MEDIUM",
        "Automatic rotation is off, does not have the declared period, or is overdue.",
        f"{_AS_DEPLOYER}, kms:EnableKeyRotation with the declared period; if overdue, contact AWS Support",
    ),
    "policy-changed": FindingKind(
        "HIGH",
        "The key policy differs from the template.",
        f"read what was added; {_DEPLOY_AGAIN}, or {_AS_DEPLOYER}, kms:PutKeyPolicy with the policy of the template",
    ),
    "policy-ram-share": FindingKind(
        "HIGH",
        "AWS RAM shares the key: it has a second key policy, which kms:PutKeyPolicy cannot change.",
        "find the resource share (ram:GetResourceShareAssociations with the ARN of the key) and remove the key from it",
    ),
    "grant": FindingKind(
        "HIGH",
        "The key has a grant, and the estate creates none: a grant allows operations in addition to the key policy.",
        "kms:RevokeGrant with this grant id, and find who created it (CloudTrail: CreateGrant)",
    ),
    "role-missing": FindingKind(
        "HIGH", "A role of the estate does not exist; workloads that need the role do not work.", _DEPLOY_AGAIN
    ),
    "role-trust": FindingKind(
        "HIGH",
        "The trust policy of a role differs from the template: other principals may obtain sessions of the role.",
        f"{_DEPLOY_AGAIN}; or iam:UpdateAssumeRolePolicy with the policy of the template",
    ),
    "role-policy": FindingKind(
        "HIGH",
        "The permissions of a role differ from the template.",
        f"{_DEPLOY_AGAIN}; or restore the inline policy, and detach additional policies",
    ),
    "role-recreated": FindingKind(
        "HIGH",
        "A role was deleted, and perhaps created again under its name. The new role has another unique id (AROA…): "
        "a policy with the role as its principal does not trust it; a condition on aws:PrincipalArn matches it.",
        "find who deleted and created the role (CloudTrail); if it was a deployment, the next record accepts "
        "the new id; write a trust policy that shows an AROA id again, with iam:UpdateAssumeRolePolicy",
    ),
    "role-unexpected": FindingKind(
        "HIGH",
        "A role has the path or the name of a role of the estate, and the manifest does not declare it. Workload roles "
        "may assume every role below their path.",
        "find who created the role (CloudTrail: CreateRole), and delete it",
    ),
    "identity-provider": FindingKind(
        "HIGH",
        "An identity provider is missing, or accepts other audiences or certificates than before.",
        f"{_DEPLOY_AGAIN}; thumbprints: iam:UpdateOpenIDConnectProviderThumbprint with those of the earlier record",
    ),
    "parameter": FindingKind(
        "MEDIUM",
        "A Systems Manager parameter with a workload's roles and aliases is missing or changed, or belongs to no "
        "workload.",
        _DEPLOY_AGAIN,
    ),
    "pod-association": FindingKind(
        "HIGH",
        "An association of EKS Pod Identity is missing, or gives a role of the estate to pods that the manifest does "
        "not declare.",
        f"{_DEPLOY_AGAIN}; delete an association that is not declared",
    ),
    "trust-anchor": FindingKind(
        "HIGH",
        "A trust anchor or profile of IAM Roles Anywhere is missing, disabled, changed, or not declared.",
        f"{_DEPLOY_AGAIN}; disable one that is not declared",
    ),
    "instance-profile": FindingKind(
        "HIGH",
        "An instance profile is missing, or gives instances a role of the estate that is not declared for them.",
        f"{_DEPLOY_AGAIN}; remove the role from an instance profile that is not declared",
    ),
    "replica-missing": FindingKind(
        "HIGH",
        "A multi-Region key has no replica in a Region in which one is declared.",
        "deploy the replica stack of this Region",
    ),
    "replica-policy": FindingKind(
        "HIGH",
        "The key policy of a replica differs from the template; each replica has its own key policy.",
        f"{_DEPLOY_AGAIN}, in the Region of the replica",
    ),
    "primary-moved": FindingKind(
        "MEDIUM",
        "The primary of a multi-Region key is not in the Region that the lock records.",
        "move the primary back with kms:UpdatePrimaryRegion, which the key policy must allow first "
        "(docs/restore-replicate-move.md)",
    ),
    "material-expiring": FindingKind(
        "LOW",
        "Imported key material expires soon, or expires though the manifest says that it does not.",
        "import the material again with a later date (tenant-keys byok) before it expires; then the key is unusable",
    ),
    "tags": FindingKind("LOW", "A key or role does not have the declared tags.", _DEPLOY_AGAIN),
    "auditor-locked-out": FindingKind(
        "MEDIUM",
        "One of AWS's own auditors works in the account and may not read the keys: Access Analyzer and Security Hub "
        "then report each key as not accessible or as failed.",
        "name the auditor in central.auditors of the manifest, and deploy",
    ),
    "stack-protection": FindingKind(
        "HIGH",
        "A stack differs from the assembly: its template is a different one, termination protection is off, or its "
        "last operation failed.",
        "compare (tenant-keys deployed); deploy the assembly that was proved; "
        "cloudformation:UpdateTerminationProtection",
    ),
    "hook": FindingKind(
        "HIGH",
        "A CloudFormation Hook that is declared is not activated, is off, only warns, or does not receive all "
        "operations: a change of a stack may remove or replace a key.",
        f"find who changed it (CloudTrail: SetTypeConfiguration, DeactivateType); {_DEPLOY_AGAIN}",
    ),
    "trail-changed": FindingKind(
        "HIGH",
        "The key account's own trail does not exist, does not log, or differs from its stack: other events, another "
        "bucket, key or prefix, an additional destination, no log file validation.",
        f"find who changed it (CloudTrail: StopLogging, UpdateTrail, PutEventSelectors, DeleteTrail); {_DEPLOY_AGAIN}",
    ),
    "trail-twice": FindingKind(
        "LOW",
        "Another trail also records the calls of KMS: AWS charges $2.00 for each 100,000 events of the second copy.",
        "remove `trail: own` from audit and stop the account's own trail, or exclude KMS from the other one",
    ),
    "trail-silent": FindingKind(
        "HIGH",
        "No trail that is logging records the calls of KMS in this Region: changes of keys leave no record.",
        "start the trail (cloudtrail:StartLogging), and remove kms.amazonaws.com from the exclusions of its event "
        "selectors",
    ),
    "unknown": FindingKind(
        "HIGH",
        "Something could not be read or is not understood, so its state is unknown.",
        "use a role with the policy of docs/verify.md, or report the element that is not understood",
    ),
}
