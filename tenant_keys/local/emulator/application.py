"""ministack as an application: its environment, its services, its reset."""
# ruff: noqa: SLF001  # ministack has no other way in

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tenant_keys.local.emulator.conditions import join_in_conditions

Asgi = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


def prepare_environment(directory: Path, port: int, region: str) -> None:
    """Set what ministack reads when it is imported: loopback only, no containers, nothing outside our folder."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "LOCALSTACK_"))]:
        del os.environ[name]
    scratch = directory / "ministack"
    scratch.mkdir(exist_ok=True)
    os.environ.update(
        AUTH="true",
        BIND_HOST="127.0.0.1",
        DOCKER_HOST=f"unix://{scratch}/no-docker.sock",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL="WARNING",
        MINISTACK_HOST="localhost",
        MINISTACK_REGION=region,
        PERSIST_STATE="0",
        S3_DATA_DIR=str(scratch / "s3"),
        S3_PERSIST="0",
        SFTP_ENABLED="0",
        STATE_DIR=str(scratch / "state"),
        TMPDIR=str(scratch),
    )


def application() -> Asgi:
    """ministack as an ASGI application, without the scripts that it would run from system folders."""
    from ministack import app  # type: ignore[import-untyped]
    from ministack.core import hypercorn_compat  # type: ignore[import-untyped]

    hypercorn_compat.install()
    app._run_init_scripts = lambda: None

    async def no_scripts() -> None:
        app._ready_scripts_state["status"] = "completed"

    app._run_ready_scripts = no_scripts
    join_in_conditions()
    found: Asgi = app.app
    return found


def service_handler(name: str) -> Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]:
    """What answers requests to a service."""
    from ministack import app

    found: Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]] = app.SERVICE_HANDLERS[name]
    return found


def install_service(name: str, handler: Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]) -> None:
    """Put our handler in place of ministack's."""
    from ministack import app

    app.SERVICE_HANDLERS[name] = handler


def service_module(name: str) -> Any:
    """A service of ministack, loaded."""
    from ministack import app

    return app._get_module(name)


def reset() -> None:
    from ministack import app

    app._reset_all_state()
