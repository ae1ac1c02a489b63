"""`LocalAws`: an AWS on the laptop for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.local import access
from tenant_keys.local.access import Credentials
from tenant_keys.local.deploy import (
    Cdk,
    Deployment,
    Progress,
    is_bootstrapped,
    operator_credentials,
    places,
)
from tenant_keys.local.errors import OtherPartition, Stopped
from tenant_keys.local.existing import ensure_execution_roles
from tenant_keys.local.identity import ROOT_SECRET
from tenant_keys.local.process import RUNNING, ServerProcess, log_tail
from tenant_keys.local.settings import NAMING, Settings, tenant_of

CENTRAL = "111111111111"
PREFIX = "tenant-keys-local-"
"""Of the folder in which a local AWS runs, below the folder for temporary files."""


class LocalAws:
    """Runs the server as a process of its own, so that it can be killed, and cleans up after it.

    State lives in the process's memory: a server that was killed starts as an organization of empty accounts, and a
    deployment is repeated from its beginning.
    """

    def __init__(
        self,
        *,
        accounts: Sequence[str] = (CENTRAL, "222222222222"),
        organization: str | None = "o-a1b2c3d4e5",
        outsiders: Sequence[str] = (),
        management: str | None = None,
        jwks: Mapping[str, Mapping[str, Any]] | None = None,
        naming: Mapping[str, str] = NAMING,
        region: str = "eu-west-1",
        port: int = 0,
        directory: Path | None = None,
    ) -> None:
        """Nothing runs before `start`, which `with` calls. The first account is the key account.

        Raises:
            OtherPartition: the Region is not one of the partition aws, whose ARNs the emulator writes.
        """
        if (partition := partition_of(region)) != "aws":
            raise OtherPartition(
                f"got {region} of the partition {partition}; the local AWS is of the partition aws alone"
            )
        self._directory = directory
        self._arguments: dict[str, Any] = {
            "accounts": tuple(accounts),
            "organization": organization,
            "outsiders": tuple(outsiders),
            "management": management,
            "jwks": dict(jwks or {}),
            "naming": dict(naming),
            "region": region,
            "port": port,
        }
        self._server: ServerProcess | None = None
        self._settings: Settings | None = None
        self._operator: dict[str, str] | None = None

    # --- life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            PortInUse: the port asked for is taken.
            StartFailed: the server ended before it was ready.
        """
        folder = self._directory or Path(tempfile.mkdtemp(prefix=PREFIX))
        self._settings = Settings(
            directory=str(folder),
            control_token=secrets.token_hex(16),
            owns_directory=self._directory is None,
            **self._arguments,
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._server = ServerProcess(self._settings)
        except BaseException:
            self._remove_folder()
            raise
        self._settings = self._server.settings

    @classmethod
    def attach(cls, directory: Path) -> Self:
        """Talk to a local AWS that another process started; it goes on when this object is gone.

        Raises:
            Stopped: there is none in this folder.
        """
        file = directory / RUNNING
        if not file.exists():
            raise Stopped(f"{directory}: no local AWS runs here; start one with `tenant-keys local up`")
        aws = cls(directory=directory)
        aws._settings = Settings.read(file)
        aws._ask("health")
        return aws

    def stop(self) -> None:
        """Stop the server, if we started it, and remove what belongs to it."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            self._remove_folder()

    def _remove_folder(self) -> None:
        if self._settings is not None and self._settings.owns_directory:
            shutil.rmtree(self._settings.path, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._server is None:
            raise Stopped("the local AWS was not started here")
        self._server.kill()

    def restart(self) -> None:
        """Start again after a kill: empty, on a free port if none was asked for."""
        self.stop()
        self._forget()
        self.start()

    def running(self) -> bool:
        return self._settings is not None and (self._server is None or self._server.running())

    # --- where and who

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            raise Stopped("the local AWS was not started")
        return self._settings

    @property
    def directory(self) -> Path:
        return self.settings.path

    @property
    def port(self) -> int:
        return self.settings.port

    @property
    def endpoint(self) -> str:
        return access.endpoint(self.settings)

    @property
    def accounts(self) -> tuple[str, ...]:
        return self.settings.accounts

    def environment(
        self, account: str | None = None, *, region: str | None = None, credentials: Credentials | None = None
    ) -> dict[str, str]:
        """What to export so that the AWS CLI, the CDK CLI and any SDK talk to this AWS.

        Without credentials, as the root user of the account (the first one by default).
        """
        return access.environment(self.settings, credentials or self._root(account), region)

    def session(
        self, account: str | None = None, *, region: str | None = None, credentials: Credentials | None = None
    ) -> boto3.Session:
        """A boto3 session on this AWS, as the account's root user or with what STS answers under `Credentials`."""
        return access.session(self.settings, credentials or self._root(account), region)

    def _root(self, account: str | None) -> dict[str, str]:
        return {"AccessKeyId": account or self.accounts[0], "SecretAccessKey": ROOT_SECRET}

    def run_as(
        self,
        role_arn: str,
        *,
        service: str = "lambda.amazonaws.com",
        session_name: str = "service",
        region: str | None = None,
        context: Mapping[str, str] | None = None,
    ) -> boto3.Session:
        """A session as a compute service gives it to the code that it runs in the role; its trust policy is asked.

        `context`: what the service adds, such as aws:SourceAccount and aws:SourceArn.

        Raises:
            Refused: the role does not trust the service.
        """
        given = {
            "service": service,
            "role_arn": role_arn,
            "session_name": session_name,
            "region": region or self.settings.region,
            "context": dict(context or {}),
        }
        return self.session(region=region, credentials=self._ask("run-as", given))

    # --- deploy

    def operator(self) -> dict[str, str]:
        """Credentials of an administrator of the first account, an IAM user: deploys, and shall read no data."""
        if self._operator is None:
            self._operator = operator_credentials(self, self.accounts[0])
        return self._operator

    def deploy(
        self,
        cdk_out: Path,
        *,
        stacks: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Deployment:
        """Bootstrap the accounts and Regions of a synthesized app, then deploy it with the real CDK CLI.

        `progress` gets each line of the CLI. Repeating it changes only what differs.

        Raises:
            NodeMissing: no Node or no CDK CLI.
            DeploymentFailed: the CLI says so; its last lines are in the message.
            Stopped: the local AWS ended meanwhile.
        """
        cdk = Cdk(self, progress)
        if self._server is not None:
            self._server.require()
        central = self.accounts[0]
        wanted = places(cdk_out, stacks)
        missing = [place for place in wanted if not is_bootstrapped(self, place)]
        bootstrapping = cdk.bootstrap(missing, central) if missing else 0.0
        for place in wanted:
            ensure_execution_roles(self, place)
        seconds = cdk.deploy(cdk_out, stacks, self.operator(), self.settings.region)
        return Deployment(tuple(stacks), seconds, bootstrapping)

    # --- control

    def reset(self) -> None:
        """Empty accounts again, and an empty decision log."""
        self._ask("reset")
        self._forget()

    def _forget(self) -> None:
        self._operator = None

    def advance(self, days: float) -> None:
        """Move KMS's time forward: rotation falls due, imported material expires, deletions happen."""
        self._ask("advance", {"days": days})

    def fail(self, operation: str, code: str, message: str = "planned", *, skip: int = 0, times: int = 1) -> None:
        """Have an operation of KMS fail with AWS's error code, `times` times after `skip` calls that succeed."""
        self._ask("fail", {"operation": operation, "code": code, "message": message, "skip": skip, "times": times})

    def enforce_rates(self, now: float = 0.0) -> None:
        """Throttle KMS's and IAM's requests at AWS's rates from now on; the next stack operation begins at `now`.

        The rates' time stands still at `now`, in seconds. In a stack operation, CloudFormation's waits move it.
        """
        self._ask("rates", {"now": now})

    def lift_rates(self) -> None:
        """Throttle nothing, as after the start."""
        self._ask("rates", {"lifted": True})

    def rates_time(self) -> float:
        """When the stack operation that began last was complete, in seconds of the rates' time."""
        return float(self._ask("rates")["latest"])

    def requests(self) -> dict[str, int]:
        """Requests since the start or the last reset by operation, such as `s3:PutObject`; not those to KMS and STS."""
        return {operation: int(number) for operation, number in self._ask("requests").items()}

    def hold_key(self, arn: str, policy: str) -> None:
        """Have a key with this ARN in its owner's account, or give it another policy."""
        self._ask("hold-key", {"arn": arn, "policy": policy})

    def key_states(self, region: str) -> dict[str, str]:
        """State of each tenant's key in the first account: for the demo, since hardly any principal may ask KMS."""
        return {tenant: str(state) for tenant, state in self._ask("key-states", {"region": region}).items()}

    def key_id(self, tenant: str) -> str:
        """Id of a tenant's key in the first account's Region."""
        kms = self.session().client("kms")
        for page in kms.get_paginator("list_aliases").paginate():
            for alias in page["Aliases"]:
                if tenant_of(alias["AliasName"], self.settings.naming) == tenant:
                    return str(alias["TargetKeyId"])
        raise LookupError(f"{self.settings.naming['alias'].replace('{id}', tenant)}: no such alias")

    def decisions(self) -> list[dict[str, Any]]:
        """Every decision of KMS and STS since the start or the last reset, oldest first."""
        return [json.loads(line) for line in self._log_lines()]

    def trail(self) -> list[dict[str, Any]]:
        """CloudTrail's records of KMS and STS since the start or the last reset, of every account, oldest first."""
        path = self.settings.trail
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    @contextlib.contextmanager
    def watch(self) -> Iterator[list[dict[str, Any]]]:
        """The decisions made within the block, filled in when it ends."""
        before, found = len(self._log_lines()), list[dict[str, Any]]()
        yield found
        found += map(json.loads, self._log_lines()[before:])

    def _log_lines(self) -> list[str]:
        path = self.settings.decision_log
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def log_tail(self) -> str:
        """The last that the server said."""
        return log_tail(self.directory)

    def _ask(self, name: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if self._server is not None:
            self._server.require()
        return access.ask(self.settings, name, given)
