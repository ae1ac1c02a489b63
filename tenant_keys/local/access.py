"""How a client reaches a running server: variables, boto3 sessions, and the launcher's own requests."""

from __future__ import annotations

import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.loaders import create_loader

from tenant_keys.local.control import TOKEN_HEADER
from tenant_keys.local.errors import Refused, Stopped
from tenant_keys.local.settings import Settings

Credentials = Mapping[str, object]
"""AccessKeyId, SecretAccessKey and perhaps SessionToken: what STS answers under `Credentials`."""

_LOADER = create_loader()
"""One for all sessions: each would read the models of every service anew, a tenth of a second a client."""


def endpoint(settings: Settings) -> str:
    return f"https://127.0.0.1:{settings.port}"


def environment(settings: Settings, credentials: Credentials, region: str | None) -> dict[str, str]:
    """Variables that every SDK and CLI of AWS reads."""
    region = region or settings.region
    found = {
        "AWS_ENDPOINT_URL": endpoint(settings),
        "AWS_CA_BUNDLE": str(settings.certificate),
        "AWS_ACCESS_KEY_ID": str(credentials["AccessKeyId"]),
        "AWS_SECRET_ACCESS_KEY": str(credentials["SecretAccessKey"]),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    token = credentials.get("SessionToken")
    return found | ({"AWS_SESSION_TOKEN": str(token)} if token else {})


def session(settings: Settings, credentials: Credentials, region: str | None) -> boto3.Session:
    """A boto3 session whose clients talk to this server, whatever the process's own variables say."""
    found = environment(settings, credentials, region)
    made = boto3.Session(
        aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=found.get("AWS_SESSION_TOKEN"),
        region_name=found["AWS_REGION"],
    )
    # boto3 has no public way to give endpoint and certificate to a session, only to each client.
    core = made._session  # noqa: SLF001
    core.get_component("config_store").set_config_variable("endpoint_url", found["AWS_ENDPOINT_URL"])
    core.set_config_variable("ca_bundle", found["AWS_CA_BUNDLE"])
    core.register_component("data_loader", _LOADER)
    return made


def ask(settings: Settings, name: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A request of the launcher.

    Raises:
        Stopped: no server answers.
        Refused: the server says no.
    """
    trusted = ssl.create_default_context(cafile=str(settings.certificate))
    request = urllib.request.Request(  # noqa: S310  # our own https endpoint
        f"{endpoint(settings)}/_local/{name}",
        data=json.dumps(given or {}).encode(),
        headers={TOKEN_HEADER: settings.control_token},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, context=trusted, timeout=30) as response:  # noqa: S310  # as above
            answer: dict[str, Any] = json.loads(response.read())
    except urllib.error.HTTPError as refused:
        details = json.loads(refused.read() or b"{}")
        raise Refused(f"{details.get('code')}: {details.get('message')}") from None
    except urllib.error.URLError as gone:
        raise Stopped(f"{endpoint(settings)}: the local AWS does not answer ({gone.reason})") from None
    return answer
