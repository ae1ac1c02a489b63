"""How operators deploy a small assembly: preflight, the CDK CLI, and once more after a failure."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from tenant_keys.local import LocalAws
from tenant_keys.local.deploy import find_cdk
from tenant_keys.local.errors import DeploymentFailed
from tenant_keys.operations.preflight import Obstacle, preflight
from tenant_keys.review.assembly import Environment
from tests.local import handmade
from tests.local.bootstrap import bootstrap
from tests.local.handmade import Document

STACK = "tenant-keys-cell-eu-west-1-001"


def assembly(
    folder: Path, resources: Mapping[str, Document], *, stack: str = STACK, region: str = handmade.REGION
) -> Path:
    """One stack that keeps keys: with termination protection, as the real ones."""
    app = cdk.App(outdir=str(folder))
    made = cdk.Stack(
        app,
        stack,
        stack_name=stack,
        env=cdk.Environment(account=handmade.CENTRAL, region=region),
        termination_protection=True,
    )
    for logical_id, resource in resources.items():
        one = cdk.CfnResource(made, logical_id, type=resource["Type"], properties=resource["Properties"])
        one.override_logical_id(logical_id)
        for name in ("DeletionPolicy", "UpdateReplacePolicy"):
            if name in resource:
                one.add_override(name, resource[name])
    app.synth()
    return folder


class Operators:
    """Deploys on a local AWS and looks at what is there."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws

    def client(self, service: str, region: str = handmade.REGION) -> Any:
        """As the root user of the key account."""
        return self.aws.session(region=region).client(service)  # type: ignore[call-overload]

    def preflight(self, assembly: Path, *, repair: bool = False) -> list[Obstacle]:
        """With the credentials of anyone who deploys, who may assume every bootstrap role."""

        def client_of(place: Environment, service: str, office: str) -> Any:
            assert office in ("lookup", "deploy")
            return self.client(service, place.region)

        return preflight(assembly, handmade.CENTRAL, repair=repair, client_of=client_of)

    def deploy(self, assembly: Path, watch: Callable[[str], None] = lambda _: None) -> None:
        """`cdk deploy`.

        Raises:
            DeploymentFailed: with the CLI's last lines.
        """
        bootstrap(self.aws, assembly)
        self.aws.deploy(assembly, progress=watch)

    def fails(self, assembly: Path) -> str:
        """What a deployment that must fail ends with."""
        try:
            self.deploy(assembly)
        except DeploymentFailed as failure:
            return " ".join(str(failure).split())  # the CLI breaks lines
        raise AssertionError("the deployment succeeded")

    def cdk(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the CDK CLI."""
        environment = self.aws.environment(region=handmade.REGION, credentials=self.aws.operator())
        home = self.aws.directory / "cdk"
        home.mkdir(exist_ok=True)
        return subprocess.run(  # the CDK CLI
            [find_cdk(), *arguments, "--no-notices", "--ci"],
            cwd=home,
            env={**environment, "PATH": os.environ["PATH"], "CDK_HOME": str(home), "TMPDIR": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )

    def status(self, stack: str = STACK, region: str = handmade.REGION) -> tuple[str, bool]:
        """The stack's state, and whether it is protected from deletion."""
        found = self.client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"][0]
        return found["StackStatus"], found["EnableTerminationProtection"]

    def ready(self, tenant: str, region: str = handmade.REGION) -> bool:
        """Whether the tenant's alias names an enabled key."""
        return self.aws.key_states(region).get(tenant) == "Enabled"
