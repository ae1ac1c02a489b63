"""An estate with every kind of workload, deployed into a local AWS through CloudFormation's API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from tenant_keys.local import LocalAws
from tenant_keys.local.existing import ensure_role
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.manifest import Estate, load_estate, read_lock
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.manifest.lock import write_lock
from tenant_keys.manifest.update import record_key_ids
from tenant_keys.operations.verify.reader_policy import reader_policy
from tenant_keys.operations.verify.sessions import Sessions
from tenant_keys.operations.verify.verify import Options, Verification, verify
from tenant_keys.policy.template_size import reserved_sizes
from tenant_keys.review.assembly import Assembly, StackArtifact
from tests.stacks.synth import synthesized
from tools import sample_manifest

ROOT = Path(__file__).parents[3]
CENTRAL, WORKLOAD = "111111111111", "222222222222"
HOME, OTHER = "eu-west-1", "eu-central-1"
MANIFEST = (
    f"{sample_manifest.CENTRAL}  deletion_hook: true\n{sample_manifest.ISSUERS}"
    """\
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "222222222222", runs_on: ecs, access: session-tag, operations: [decrypt]}
  portal: {account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}
  pods:
    account: "222222222222"
    runs_on: eks
    access: session-tag
    regions: [eu-west-1]
    pod_identity: {cluster: main, namespace: shop, service_account: cart}
  plant:
    account: "222222222222"
    runs_on: roles-anywhere
    access: session-tag
    regions: [eu-west-1]
    roles_anywhere:
      certificate_authority:
        arn:aws:acm-pca:eu-west-1:222222222222:certificate-authority/11111111-2222-3333-4444-555555555555
      common_name: plant
  fleet: {account: "222222222222", runs_on: ec2, access: session-tag, regions: [eu-west-1]}
defaults: {workloads: [orders], unused_days_before_deletion: "off"}
tags: {owner: platform}
tenants:
  acme: {workloads: [orders, billing, portal]}
  globex: {key: {origin: imported, import_role: role/globex-key-import, expires: dated}}
  hooli: {workloads: [pods, plant, fleet]}
  initech: {state: suspended}
  umbrella: {key: {multi_region: true}, workloads: [orders, billing]}
  wayne: {workloads: [billing, orders]}
"""
)
READER = f"arn:aws:iam::{CENTRAL}:role/SecurityAudit"


def deployer(region: str, account: str = CENTRAL) -> str:
    """CloudFormation's execution role, as `cdk bootstrap` names it."""
    return f"arn:aws:iam::{account}:role/cdk-hnb659fds-cfn-exec-role-{account}-{region}"


@dataclass
class Deployed:
    """The estate, and who reads it."""

    aws: LocalAws
    folder: Path
    issuer: LocalIssuer

    @property
    def manifest(self) -> Path:
        return self.folder / "tenants.yaml"

    @property
    def assembly(self) -> Path:
        return self.folder / "cdk.out"

    @property
    def estate(self) -> Estate:
        return load_estate(self.manifest)

    def kms(self, region: str = HOME) -> Any:
        """KMS as the deployment role, which may do most."""
        return self.aws.run_as(deployer(HOME), service="cloudformation.amazonaws.com", region=region).client("kms")

    def root(self, account: str, service: str, region: str = HOME) -> Any:
        session: Any = self.aws.session(account, region=region)
        return session.client(service)

    def key(self, tenant: str, region: str = HOME) -> str:
        """Id of a tenant's key, by its alias."""
        aliases = self.root(CENTRAL, "kms", region).get_paginator("list_aliases").paginate()
        names = {one["AliasName"]: one["TargetKeyId"] for page in aliases for one in page["Aliases"]}
        return str(names[f"alias/tenant-{tenant}"])

    def deploy_again(self, name: str) -> None:
        """Synthesize the manifest as it is now, and deploy one stack."""
        bring_up_to_date(self.manifest, reserved_sizes).write()
        synthesized(self.estate, self.assembly)
        [artifact] = [one for one in Assembly.open(self.assembly).artifacts if one.name == name]
        _Stack(self.aws, artifact.account, artifact.region, name).deploy(artifact)

    def verify(self, record: Path, *, now: datetime | None = None, **options: Any) -> Verification:
        """One run as the operator, who may assume the reading role of each account; at all of the quota."""
        options = {"share": 1.0, **options}
        return verify(
            self.manifest, self.assembly, Options(record, **options), client_of=self.sessions, progress=None, now=now
        )

    @cached_property
    def sessions(self) -> Sessions:
        """Of the reading roles, which the operator assumes."""
        operator = self.aws.operator()
        return Sessions("role/SecurityAudit", "aws", lambda given: self.aws.session(credentials=given or operator))


def deploy(aws: LocalAws, folder: Path, issuer: LocalIssuer, manifest: str = MANIFEST) -> Deployed:
    """Synthesize with the id of the multi-Region key, which the first stack makes, and deploy every stack."""
    found = Deployed(aws, folder, issuer)
    found.manifest.write_text(manifest, encoding="utf-8")
    bring_up_to_date(found.manifest, reserved_sizes).write()
    for account in aws.accounts:
        s3 = aws.session(account, region=HOME).client("s3")
        s3.create_bucket(Bucket=f"templates-{account}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        for region in (HOME, OTHER) if account in (CENTRAL, WORKLOAD) else ("us-east-1",):
            _execution_role(aws, account, region)
    first = _Stack(aws, CENTRAL, HOME, "tenant-keys-cell-eu-west-1-001")
    first.create(_umbrella_alone(), {})
    [key] = first.client.describe_stack_resources(StackName=first.name)["StackResources"]
    lock = found.manifest.with_suffix(".lock")
    write_lock(lock, record_key_ids(read_lock(lock), {"umbrella": str(key["PhysicalResourceId"])}))
    synthesized(found.estate, found.assembly)
    deploy_assembly(aws, found.assembly, found.estate)
    return found


def deploy_assembly(aws: LocalAws, assembly: Path, estate: Estate) -> None:
    """Every stack of an assembly, keys before replicas; then what an organization has beside it."""
    artifacts = sorted(Assembly.open(assembly).artifacts, key=lambda one: ("-replica-" in one.name, one.name))
    for artifact in artifacts:
        _Stack(aws, artifact.account, artifact.region, artifact.name).deploy(artifact)
    for role in (*estate.central.administrators, estate.central.break_glass):
        ensure_role(aws, role)
    for account in aws.accounts:
        reading_role(aws, account, estate)
    trail = aws.session(CENTRAL).client("cloudtrail")
    trail.create_trail(Name="organization", S3BucketName="logs", IsMultiRegionTrail=True, IsOrganizationTrail=True)
    trail.start_logging(Name="organization")


def reading_role(aws: LocalAws, account: str, estate: Estate) -> None:
    """SecurityAudit, which trusts the key account, with the policy that the docs generate."""
    iam = aws.session(account).client("iam")
    trust = _trust({"AWS": f"arn:aws:iam::{CENTRAL}:root"})
    iam.create_role(RoleName="SecurityAudit", AssumeRolePolicyDocument=trust)
    policy = json.dumps(reader_policy(estate, account))
    iam.put_role_policy(RoleName="SecurityAudit", PolicyName="Verify", PolicyDocument=policy)


class _Stack:
    """A stack, deployed as the CDK CLI would, without the time that Node takes to start."""

    def __init__(self, aws: LocalAws, account: str, region: str, name: str) -> None:
        self.client: Any = aws.session(account, region=region).client("cloudformation")
        self.name = name
        self._s3: Any = aws.session(account, region=HOME).client("s3")
        self._account = account
        self._role = deployer(region, account)

    def deploy(self, artifact: StackArtifact) -> None:
        known = {one["StackName"] for one in self.client.list_stacks()["StackSummaries"]}
        text = artifact.template_path.read_text(encoding="utf-8")
        if self.name in known:
            self._run("update_stack", text, dict(artifact.tags))
            self.client.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)
        else:
            self.create(text, dict(artifact.tags))

    def create(self, text: str, tags: dict[str, str]) -> None:
        self._run("create_stack", text, tags, EnableTerminationProtection=True)

    def _run(self, operation: str, text: str, tags: dict[str, str], **more: Any) -> None:
        pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
        given = {"Capabilities": ["CAPABILITY_NAMED_IAM"], "RoleARN": self._role, "Tags": pairs, **more}
        # A template of more than 51,200 bytes comes from S3.
        bucket, key = f"templates-{self._account}", f"{self.name}.json"
        self._s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        url = f"https://s3.amazonaws.com/{bucket}/{key}"
        getattr(self.client, operation)(StackName=self.name, TemplateURL=url, **given)
        while (status := self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]).endswith(
            "IN_PROGRESS"
        ):
            pass
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), self._reasons()

    def _reasons(self) -> list[str]:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason')}" for one in events]


def _umbrella_alone() -> str:
    """The multi-Region key under the logical id that the app pins, so that the app's stack takes it over."""
    statement = {
        "Sid": "Everything",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    key = {
        "Type": "AWS::KMS::Key",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "MultiRegion": True,
            "EnableKeyRotation": True,
            "KeyPolicy": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }
    return json.dumps({"Resources": {"Keyumbrella": key}})


def _execution_role(aws: LocalAws, account: str, region: str) -> None:
    ssm = aws.session(account, region=region).client("ssm")
    ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    iam, name = aws.session(account).client("iam"), deployer(region, account).rpartition("/")[2]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_trust({"Service": "cloudformation.amazonaws.com"}))
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def _trust(principal: dict[str, str]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
