"""A real browser without a window, driven over the pipe of the Chrome DevTools Protocol: no package is needed for it.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_SECONDS = 60
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--remote-debugging-pipe",
)


class BrowserError(Exception):
    """Raised when the browser does not answer, or answers with an error."""


class Browser:
    """One page of a headless Chromium."""

    def __init__(self, profile: Path) -> None:
        if PROGRAM is None:
            raise BrowserError("no Chromium is installed")
        read_theirs, self._to = os.pipe()
        self._from, write_theirs = os.pipe()

        def connect() -> None:  # the browser reads descriptor 3 and writes descriptor 4
            os.dup2(read_theirs, 103)
            os.dup2(write_theirs, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)
            os.set_inheritable(3, True)  # noqa: FBT003
            os.set_inheritable(4, True)  # noqa: FBT003

        self._process = subprocess.Popen(  # noqa: S603
            [PROGRAM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=connect,  # noqa: PLW1509 - no thread of ours runs yet
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_theirs)
        os.close(write_theirs)
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        targets = self._call("Target.getTargets", {}, None)["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        attach = {"targetId": page, "flatten": True}
        self._session = self._call("Target.attachToTarget", attach, None)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrowserError, OSError):
            self._call("Browser.close", {}, None)
        os.close(self._to)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._from)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command to the page; its answer."""
        return self._call(method, parameters, self._session)

    def open(self, path: Path, route: str = "") -> None:
        """Load a file and wait until its script has run."""
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{path.absolute().as_uri()}{route}")
        self.wait("document.readyState === 'complete' && document.documentElement.dataset.ready !== undefined")

    def go(self, route: str) -> None:
        """Follow a route within the page."""
        self.value(f"window.location.hash = {json.dumps(route)}; 0")
        self.wait("new Promise(done => setTimeout(() => done(true), 50))")

    def wait(self, condition: str) -> None:
        """Until the condition holds."""
        end = time.monotonic() + _SECONDS
        while not self.value(condition):
            if time.monotonic() > end:
                raise BrowserError(f"it never came true: {condition}")
            time.sleep(0.02)

    def value(self, expression: str) -> Any:  # noqa: ANN401 - any JSON
        """What an expression is in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def press(self, key: str, *, shift: bool = False) -> None:
        """A key of the keyboard: Tab, Enter, or one character."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        event = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper())), "modifiers": 8 * shift}
        down = "keyDown" if text else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=down, text=text, **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text: str) -> None:
        """Several characters, one after the other."""
        for character in text:
            self.press(character)

    def emulate(self, *, dark: bool = False, media: str = "", width: int = 1280, height: int = 900) -> None:
        """Light or dark, screen or print, and the size of the window."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media=media, features=scheme)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """What is seen, or the page from top to bottom."""
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))

    def pdf(self, path: Path) -> None:
        """The page as it prints."""
        printed = self.call("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)
        path.write_bytes(base64.b64decode(printed["data"]))

    def happened(self, method: str) -> Iterator[dict[str, Any]]:
        """Events of a kind since the page was opened."""
        self.value("0")  # whatever was under way is read
        return (event["params"] for event in self.events if event["method"] == method)

    def _call(self, method: str, parameters: dict[str, Any], session: str | None) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") != self._number:
                self.events.append(answer)
            elif "error" in answer:
                raise BrowserError(f"{method}: {answer['error']}")
            else:
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._from], [], [], _SECONDS)[0]:
                raise BrowserError(f"no answer in {_SECONDS} seconds")
            piece = os.read(self._from, 1 << 20)
            if not piece:
                raise BrowserError("the browser has ended")
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile, ended with the block."""
    with Browser(profile) as page:
        yield page
