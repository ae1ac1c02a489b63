"""Every kind of finding: its id, what it means, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of difference between what is deployed and what is expected."""

    severity: str
    """HIGH: isolation or data may be lost; MEDIUM: what is declared does not hold; LOW: it will not hold for long."""
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
        "A tenant's alias points at another key than the one that its stack made. Requests by alias reach that key, "
        "and what was sealed before does not open.",
        f"find who moved it (CloudTrail: UpdateAlias, DeleteAlias, CreateAlias); {_AS_DEPLOYER}, delete the alias and "
        "create it again for the key of the stack; then look for data that was sealed under the other key meanwhile",
    ),
    "alias-missing": FindingKind(
        "HIGH",
        "A tenant's alias does not exist: nobody can use its key.",
        f"{_AS_DEPLOYER}, kms:CreateAlias with this name for the key of the stack",
    ),
    "alias-foreign": FindingKind(
        "HIGH",
        "An alias of the estate's own pattern belongs to no tenant of the manifest and its lock. A tenant of this id "
        "would find its name taken, and a role bound to such an alias would reach this key.",
        f"find who made it (CloudTrail: CreateAlias), and {_AS_DEPLOYER}, delete it",
    ),
    "aliases-too-many": FindingKind(
        "MEDIUM",
        "A tenant's key has a second alias. Conditions on kms:ResourceAliases hold for each alias of a key, and fail "
        "for all once there are more than 50.",
        f"{_AS_DEPLOYER}, delete the alias",
    ),
    "key-missing": FindingKind(
        "HIGH",
        "The key that a stack made is not in the account any more, or the stack is not deployed.",
        "if CloudTrail shows DeleteKey the data of this tenant is lost; if the stack was never deployed, deploy it",
    ),
    "key-unknown": FindingKind(
        "HIGH",
        "The key account has a customer managed key that no tenant, no tombstone and no stack of the estate knows, or "
        "a tenant's multi-Region key has a replica in a Region in which it should have none.",
        "bring it into the estate (tenant-keys adopt), or move it out of this account",
    ),
    "orphan": FindingKind(
        "LOW",
        "CloudFormation made this key for a stack of the estate that does not hold it: a first deployment that failed "
        "leaves such a key, which is retained and costs as any other.",
        "make sure that GetKeyLastUsage shows no use, and schedule its deletion as break-glass",
    ),
    "key-state": FindingKind(
        "HIGH",
        "A key is not in the state that its tenant's state asks for, or is not the kind of key that is declared.",
        "enable or disable it, or cancel its deletion, as the state of the tenant asks; imported material that is gone "
        "is imported again (tenant-keys byok)",
    ),
    "rotation": FindingKind(
        "MEDIUM",
        "Automatic rotation is off, has another period than is declared, or is overdue.",
        f"{_AS_DEPLOYER}, kms:EnableKeyRotation with the declared period; overdue: a case for AWS Support",
    ),
    "policy-changed": FindingKind(
        "HIGH",
        "The key policy says something else than the template.",
        f"read what was added; {_DEPLOY_AGAIN}, or {_AS_DEPLOYER}, kms:PutKeyPolicy with the policy of the template",
    ),
    "policy-ram-share": FindingKind(
        "HIGH",
        "AWS RAM shares the key: it has a second key policy, which kms:PutKeyPolicy cannot change.",
        "find the resource share (ram:GetResourceShareAssociations with the ARN of the key) and take the key out of it",
    ),
    "grant": FindingKind(
        "HIGH",
        "The key has a grant. The estate makes none: a grant allows beside the key policy, until it is revoked.",
        "kms:RevokeGrant with this grant id, and find who made it (CloudTrail: CreateGrant)",
    ),
    "role-missing": FindingKind("HIGH", "A role of the estate does not exist: what it serves is down.", _DEPLOY_AGAIN),
    "role-trust": FindingKind(
        "HIGH",
        "The trust policy of a role says something else than the template: others may obtain its sessions.",
        f"{_DEPLOY_AGAIN}; or iam:UpdateAssumeRolePolicy with the policy of the template",
    ),
    "role-policy": FindingKind(
        "HIGH",
        "The permissions of a role are not those of the template.",
        f"{_DEPLOY_AGAIN}; or restore the inline policy, and detach what is attached beside it",
    ),
    "role-recreated": FindingKind(
        "HIGH",
        "A role was deleted, and perhaps created again under its name. Its unique id (AROA…) is another one, so a "
        "policy that names the role does not trust the new one; one that asks for its ARN by aws:PrincipalArn does.",
        "find who deleted and created the role (CloudTrail); if it was a deployment, accept the new id by the next "
        "record; a trust policy that shows an AROA id is written again with iam:UpdateAssumeRolePolicy",
    ),
    "role-unexpected": FindingKind(
        "HIGH",
        "A role has the path or the name of a role of the estate, and the manifest does not declare it. Workload roles "
        "may assume every role below their path.",
        "find who made it (CloudTrail: CreateRole), and delete it",
    ),
    "identity-provider": FindingKind(
        "HIGH",
        "An identity provider is missing, or accepts other audiences or certificates than before.",
        f"{_DEPLOY_AGAIN}; thumbprints: iam:UpdateOpenIDConnectProviderThumbprint with those of the earlier record",
    ),
    "parameter": FindingKind(
        "MEDIUM",
        "A parameter of Systems Manager that tells a workload its roles and aliases is missing, changed, or of no "
        "workload.",
        _DEPLOY_AGAIN,
    ),
    "pod-association": FindingKind(
        "HIGH",
        "An association of EKS Pod Identity is missing, or gives a role of the estate to other pods than declared.",
        f"{_DEPLOY_AGAIN}; delete an association that is not declared",
    ),
    "trust-anchor": FindingKind(
        "HIGH",
        "A trust anchor or profile of IAM Roles Anywhere is missing, disabled, changed, or not declared.",
        f"{_DEPLOY_AGAIN}; disable what is not declared",
    ),
    "instance-profile": FindingKind(
        "HIGH",
        "An instance profile is missing, or gives instances a role of the estate that none should have.",
        f"{_DEPLOY_AGAIN}; take the role out of an instance profile that is not declared",
    ),
    "replica-missing": FindingKind(
        "HIGH",
        "A multi-Region key lacks a replica in a Region in which it is declared.",
        "deploy the replica stack of this Region",
    ),
    "replica-policy": FindingKind(
        "HIGH",
        "The key policy of a replica says something else than the template; replicas have policies of their own.",
        f"{_DEPLOY_AGAIN}, in the Region of the replica",
    ),
    "primary-moved": FindingKind(
        "MEDIUM",
        "Another Region holds the primary of a multi-Region key than the lock records.",
        "kms:UpdatePrimaryRegion back, which the key policy must allow first (docs/restore-replicate-move.md)",
    ),
    "material-expiring": FindingKind(
        "LOW",
        "Imported key material expires soon, or expires though the manifest says that it does not.",
        "import the material again with a later date (tenant-keys byok), before it expires: then the key stops",
    ),
    "tags": FindingKind("LOW", "A key or role does not carry the tags that are declared.", _DEPLOY_AGAIN),
    "auditor-locked-out": FindingKind(
        "MEDIUM",
        "One of AWS's own auditors works in the account and may not read the keys: Access Analyzer and Security Hub "
        "then report each key as not accessible or as failed.",
        "name the auditor in central.auditors of the manifest, and deploy",
    ),
    "stack-protection": FindingKind(
        "HIGH",
        "A stack is not deployed as the assembly has it: its template is another one, termination protection is off, "
        "or its last operation failed.",
        "compare (tenant-keys deployed); deploy the assembly that was proved; "
        "cloudformation:UpdateTerminationProtection",
    ),
    "hook": FindingKind(
        "HIGH",
        "A CloudFormation Hook that is declared is not activated, is off, only warns, or is not asked everything: a "
        "change of a stack may remove or replace a key.",
        f"find who changed it (CloudTrail: SetTypeConfiguration, DeactivateType); {_DEPLOY_AGAIN}",
    ),
    "trail-changed": FindingKind(
        "HIGH",
        "The key account's own trail is gone, is silent, or is not what its stack made: other events, another bucket, "
        "key or prefix, copies to somebody else, no log file validation.",
        f"find who changed it (CloudTrail: StopLogging, UpdateTrail, PutEventSelectors, DeleteTrail); {_DEPLOY_AGAIN}",
    ),
    "trail-twice": FindingKind(
        "LOW",
        "Another trail has the calls of KMS too: AWS charges $2.00 for each 100,000 events of the second copy.",
        "take `trail: own` out of audit and stop the own trail, or exclude KMS from the other one",
    ),
    "trail-silent": FindingKind(
        "HIGH",
        "No trail of CloudTrail that logs now has the calls of KMS in this Region: changes of keys leave no trace.",
        "start the trail (cloudtrail:StartLogging), and take kms.amazonaws.com out of what its event selectors exclude",
    ),
    "unknown": FindingKind(
        "HIGH",
        "Something could not be read, or was read and is not understood: whether it is as it should be is not known.",
        "use the role that docs/verify.md generates the policy for, or report what is not understood",
    ),
}
