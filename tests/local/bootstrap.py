"""`cdk bootstrap` through CloudFormation's API: its own template with its own parameters, and no start of Node.

It takes two seconds of CPU less for each account. The demo's tests run the command itself.
"""

from __future__ import annotations

from pathlib import Path

from tenant_keys.local import LocalAws
from tenant_keys.local.deploy import ADMINISTRATOR, is_bootstrapped, places

TEMPLATE = Path(__file__).parents[2] / "node_modules/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"


def bootstrap(aws: LocalAws, assembly: Path) -> None:
    """Bootstrap every account and Region of an assembly that is not; all trust the first account."""
    for place in places(assembly):
        if is_bootstrapped(aws, place):
            continue
        trusted = [] if place.account == aws.accounts[0] else [aws.accounts[0]]
        parameters = {
            "CloudFormationExecutionPolicies": ADMINISTRATOR,
            "FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY",
            "Qualifier": place.qualifier,
            "TrustedAccounts": ",".join(trusted),
        }
        cloudformation = aws.session(place.account, region=place.region).client("cloudformation")
        cloudformation.create_stack(
            StackName=place.toolkit,
            TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
        created = cloudformation.get_waiter("stack_create_complete")
        created.wait(StackName=place.toolkit, WaiterConfig={"Delay": 0, "MaxAttempts": 10_000})
