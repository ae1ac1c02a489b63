"""Finds the settings: the environment first, else the SSM parameter that the stacks write."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.client.aws import Aws
from tenant_keys.client.errors import ConfigurationError
from tenant_keys.client.refusals import translate
from tenant_keys.client.settings import Settings

DOCUMENT = "TENANT_KEYS_CONFIG"
WORKLOAD = "TENANT_KEYS_WORKLOAD"


def parameter_name(workload: str) -> str:
    """The parameter of a workload that is given by its name, or by its parameter's where `naming` has another path."""
    return workload if workload.startswith("/") else f"/tenant-keys/{workload}"


def discover(environ: Mapping[str, str], aws: Aws) -> Settings:
    """One SSM call at most, and only if the environment does not hold the document itself."""
    if document := environ.get(DOCUMENT):
        return Settings.from_json(document, origin=DOCUMENT)
    workload = environ.get(WORKLOAD)
    if not workload:
        raise ConfigurationError(
            f"set {WORKLOAD} to the workload's name in tenants.yaml or to its parameter's name, "
            f"or {DOCUMENT} to its document"
        )
    name = parameter_name(workload)
    try:
        value = aws.ssm().get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ParameterNotFound":
            raise ConfigurationError(
                f"SSM parameter {name} does not exist in this account and Region; deploy the workload's stack, "
                f"or check {WORKLOAD} and AWS_REGION"
            ) from error
        raise translate(error, operation="ssm:GetParameter", target=name) from error
    except BotoCoreError as error:
        raise translate(error, operation="ssm:GetParameter", target=name) from error
    settings = Settings.from_json(value, origin=f"SSM parameter {name}")
    if settings.workload != workload.rpartition("/")[2]:
        raise ConfigurationError(f"SSM parameter {name} is for workload {settings.workload!r}")
    return settings
