"""The real CDK CLI against the local AWS: bootstrap, then deploy, as a team would do it in its accounts."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import boto3
from botocore.exceptions import ClientError

from tenant_keys.local.errors import DeploymentFailed, NodeMissing, Stopped, WrongCdk

OPERATOR = "operator"
"""An administrator of the first account: CI, or a platform engineer, who assumes the bootstrap's roles everywhere."""
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OLDEST_CDK = (2, 1148)
"""The CDK CLI that package.json pins; npm's `latest` is an older line that cannot read today's assemblies."""
Progress = Callable[[str], None]
QUALIFIER = "hnb659fds"
"""Of `cdk bootstrap` unless another is given."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deployment did."""

    stacks: tuple[str, ...]
    seconds: float
    bootstrap_seconds: float


def find_cdk() -> str:
    """The CDK CLI of this project, or the one on the path.

    Raises:
        NodeMissing: there is no Node, or no CDK CLI.
    """
    if shutil.which("node") is None:
        raise NodeMissing("node: not found on the PATH; the CDK CLI needs Node 20 or newer")
    for folder in (Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents):
        candidate = folder / "node_modules" / ".bin" / "cdk"
        if candidate.exists():
            return str(candidate)
    found = shutil.which("cdk")
    if found is None:
        raise NodeMissing("cdk: not found; `make setup` installs the CDK CLI into node_modules")
    return found


def require_cdk() -> str:
    """The CDK CLI, asked for its version: an unusable one is noticed before anything starts.

    Raises:
        NodeMissing: there is no Node or no CDK CLI, or it does not start.
        WrongCdk: it is another line or older than what reads the assemblies of aws-cdk-lib.
    """
    program = find_cdk()
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.match(r"(\d+)\.(\d+)\.\d+", done.stdout)
    if done.returncode or version is None:
        raise NodeMissing(
            f"{program} --version: {(done.stderr or done.stdout).strip()[-500:]}; `make setup` installs it"
        )
    if (int(version[1]), int(version[2])) < OLDEST_CDK or int(version[1]) != OLDEST_CDK[0]:
        oldest = ".".join(map(str, OLDEST_CDK))
        raise WrongCdk(f"{program}: got version {version[0]}, needs {oldest} or newer of its line; run make setup")
    return program


@dataclass(frozen=True, slots=True)
class Place:
    """Where stacks go, and who deploys them there."""

    account: str
    region: str
    qualifier: str
    """Of the bootstrap stack, as the stacks ask for it."""
    deploy_role: str
    """ARN of the role that the CDK CLI assumes."""
    execution_roles: tuple[str, ...]
    """ARNs of the roles that CloudFormation acts with. Sorted."""

    @property
    def toolkit(self) -> str:
        """Name of the bootstrap stack."""
        return "CDKToolkit" if self.qualifier == QUALIFIER else f"CDKToolkit-{self.qualifier}"

    @property
    def own_execution_roles(self) -> tuple[str, ...]:
        """Those that `cdk bootstrap` does not make: an organization has them, or has not."""
        made = f":role/cdk-{self.qualifier}-cfn-exec-role-{self.account}-{self.region}"
        return tuple(arn for arn in self.execution_roles if not arn.endswith(made))


def places(cdk_out: Path, stacks: Sequence[str] = ()) -> list[Place]:
    """Accounts and Regions of the stacks in a cloud assembly and in the assemblies nested in it."""
    found: dict[tuple[str, str, str, str], set[str]] = {}
    for account, region, properties in _stacks(cdk_out, stacks):
        asked = re.fullmatch(r"/cdk-bootstrap/(\w+)/version", properties.get("bootstrapStackVersionSsmParameter", ""))
        key = (account, region, asked[1] if asked else QUALIFIER, _arn(properties, "assumeRoleArn"))
        found.setdefault(key, set()).update(filter(None, [_arn(properties, "cloudFormationExecutionRoleArn")]))
    return [Place(*key, tuple(sorted(roles))) for key, roles in sorted(found.items())]


def _stacks(cdk_out: Path, stacks: Sequence[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    manifest = json.loads((cdk_out / "manifest.json").read_text(encoding="utf-8"))
    for name, artifact in manifest.get("artifacts", {}).items():
        if artifact["type"] == "aws:cloudformation:stack" and (not stacks or name in stacks):
            account, region = artifact["environment"].removeprefix("aws://").split("/")
            yield account, region, artifact.get("properties", {})
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(cdk_out / artifact["properties"]["directoryName"], stacks)


def _arn(properties: Mapping[str, str], name: str) -> str:
    return properties.get(name, "").replace("${AWS::Partition}", "aws")


class Server(Protocol):
    """What the CDK CLI is pointed at: a local AWS."""

    @property
    def directory(self) -> Path:
        """Where everything that the CLI writes goes."""

    def environment(
        self, account: str | None = None, *, region: str | None = None, credentials: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Variables that lead an SDK there."""

    def session(
        self,
        account: str | None = None,
        *,
        region: str | None = None,
        credentials: Mapping[str, object] | None = None,
    ) -> boto3.Session:
        """A session of an account's root user, or with what STS answers under `Credentials`."""

    def operator(self) -> dict[str, str]:
        """Credentials of the administrator who deploys."""

    def running(self) -> bool:
        """Whether it still answers."""


class Cdk:
    """Runs the CLI in a folder of the local AWS, so that nothing is left elsewhere."""

    def __init__(self, aws: Server, progress: Progress | None = None) -> None:
        self._aws = aws
        self._progress = progress or (lambda _line: None)
        self._cli = find_cdk()

    def bootstrap(self, wanted: Iterable[Place], trusted: str) -> float:
        """`cdk bootstrap` as each account's root user; workload accounts trust the account that deploys."""
        started = time.monotonic()
        regions: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        for place in wanted:
            regions[place.account, place.qualifier, place.toolkit].append(place.region)
        running = []
        for (account, qualifier, toolkit), found in regions.items():
            self._progress(f"bootstrap {account} ({', '.join(found)})")
            trust = [] if account == trusted else ["--trust", trusted]
            targets = [f"aws://{account}/{region}" for region in found]
            arguments = ["bootstrap", *targets, *trust, "--cloudformation-execution-policies", ADMINISTRATOR]
            arguments += ["--qualifier", qualifier, "--toolkit-stack-name", toolkit]
            running.append(self._start(arguments, self._aws.environment(account, region=found[0])))
        try:
            for process in running:
                self._finish(process, "cdk bootstrap")
        finally:
            for process in running:  # where one failed or was interrupted, the others must not stay
                end(process)
        return time.monotonic() - started

    def deploy(self, cdk_out: Path, stacks: Sequence[str], credentials: Mapping[str, str], region: str) -> float:
        """`cdk deploy`, which assumes the bootstrap's roles in every account."""
        started = time.monotonic()
        arguments = ["deploy", *(stacks or ["--all"]), "--app", str(cdk_out.resolve()), "--require-approval", "never"]
        arguments += ["--concurrency", "4", "--progress", "events", "--asset-parallelism", "--no-version-reporting"]
        environment = self._aws.environment(region=region, credentials=credentials)
        self._finish(self._start(arguments, environment), "cdk deploy")
        return time.monotonic() - started

    def _start(self, arguments: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
        home = self._aws.directory / "cdk"
        home.mkdir(exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        return subprocess.Popen(  # noqa: S603  # the CDK CLI
            [self._cli, *arguments, "--no-notices", "--no-color", "--ci"],
            cwd=home,
            env={
                **inherited,
                **environment,
                "CDK_HOME": str(home),
                "CDK_DISABLE_CLI_TELEMETRY": "true",
                "CDK_DISABLE_VERSION_CHECK": "1",
                "NODE_NO_WARNINGS": "1",
                "TMPDIR": str(home),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that it can be ended with what it starts
        )

    def _finish(self, process: subprocess.Popen[str], what: str) -> None:
        lines = []
        output = process.stdout or io.StringIO()
        threading.Thread(target=self._end_with_server, args=(process,), daemon=True).start()
        try:
            for line in output:
                if line.strip():
                    lines.append(line.rstrip())
                    self._progress(line.rstrip())
            code = process.wait()
        except BaseException:
            end(process)
            raise
        finally:
            output.close()
        if code == 0:
            return
        tail = "\n".join(lines[-25:])
        if not self._aws.running():
            raise Stopped(f"the local AWS ended during {what}; start it again and repeat the deployment\n{tail}")
        raise DeploymentFailed(f"{what} ended with {code}\n{tail}")

    def _end_with_server(self, process: subprocess.Popen[str]) -> None:
        """The CLI would try to connect for a minute."""
        while process.poll() is None:
            if not self._aws.running():
                end(process)
                return
            time.sleep(0.1)


def end(process: subprocess.Popen[str]) -> None:
    """End a CLI and what it started at once: asked to terminate, it first waits for the stacks that it deploys."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def operator_credentials(aws: Server, account: str) -> dict[str, str]:
    """An access key of the administrator who deploys, made at the first call and kept in the folder.

    Another process that is attached to this local AWS gets the same key: a new one would end the sessions of the first.
    """
    iam, kept = aws.session(account).client("iam"), aws.directory / f"operator-{account}.json"
    try:
        iam.create_user(UserName=OPERATOR)
    except ClientError as problem:
        if problem.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
    known = {key["AccessKeyId"] for key in iam.list_access_keys(UserName=OPERATOR)["AccessKeyMetadata"]}
    if kept.exists():
        found: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
        if found["AccessKeyId"] in known:
            return found
    iam.attach_user_policy(UserName=OPERATOR, PolicyArn=ADMINISTRATOR)
    for each in known:
        iam.delete_access_key(UserName=OPERATOR, AccessKeyId=each)
    key = iam.create_access_key(UserName=OPERATOR)["AccessKey"]
    made = {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]}
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(made), encoding="utf-8")
    return made


def is_bootstrapped(aws: Server, place: Place) -> bool:
    """Whether the account has the stack of `cdk bootstrap` in the Region."""
    cloudformation = aws.session(place.account, region=place.region).client("cloudformation")
    try:
        stacks = cloudformation.describe_stacks(StackName=place.toolkit)["Stacks"]
    except ClientError:
        return False
    return stacks[0]["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
