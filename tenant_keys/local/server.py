"""The server process: `python -m tenant_keys.local.server <settings file>`. It ends when its launcher does."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

from tenant_keys.local.certificate import make_certificate
from tenant_keys.local.emulator.application import prepare_environment
from tenant_keys.local.settings import PORT_IN_USE, Settings


def main() -> int:
    settings = Settings.read(Path(sys.argv[1]))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", settings.port))
        listener.listen(128)
    except OSError as problem:
        _say({"error": str(problem)})
        return PORT_IN_USE
    port = listener.getsockname()[1]
    prepare_environment(settings.path, port, settings.region)
    asyncio.run(_serve(settings, listener, port))
    return 0


def _say(what: dict[str, Any]) -> None:
    """One line to the launcher."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _serve(settings: Settings, listener: socket.socket, port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from tenant_keys.local.cloud import Cloud
    from tenant_keys.local.emulator import application
    from tenant_keys.local.front import Front

    key = settings.path / "server.key"
    make_certificate(settings.certificate, key)
    inner = application.application()
    front = Front(Cloud(settings), inner)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def announce(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                _say({"port": port})

        await front(scope, receive, announce if scope["type"] == "lifespan" else send)

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile, config.keyfile = str(settings.certificate), str(key)
    config.keep_alive_timeout = 75
    config.h11_max_incomplete_size = 1 << 20
    config.accesslog = None
    config.loglevel = "WARNING"

    async def until_stopped() -> None:
        launcher_gone = await _asked_to_stop()
        if launcher_gone and settings.owns_directory:
            shutil.rmtree(settings.path, ignore_errors=True)
        os._exit(0)  # nothing to save: waiting for idle connections would only take time

    await serve(app, config, shutdown_trigger=until_stopped)  # type: ignore[arg-type]


async def _asked_to_stop() -> bool:
    """Until a signal, or the end of the launcher, who holds the other end of our standard input: then true."""
    stop: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def finish(*, launcher_gone: bool) -> None:
        if not stop.done():
            stop.set_result(launcher_gone)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(finish, launcher_gone=False))

    def watch() -> None:
        while os.read(0, 1024):
            pass
        loop.call_soon_threadsafe(partial(finish, launcher_gone=True))

    threading.Thread(target=watch, daemon=True).start()
    return await stop


if __name__ == "__main__":
    sys.exit(main())
