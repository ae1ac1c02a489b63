"""Runs one command and turns what it raises into a message and an exit code, the same for every command.

The help imports nothing but this and the table of commands: Typer, Rich and pydantic cost more than Python itself.
"""

from __future__ import annotations

import atexit
import gc
import sys

from tenant_keys.cli.commands import ABOUT, COMMANDS, EXIT_CODES

COULD_NOT_RUN = 1
ERRORS_IN_A_FILE = 2
INTERRUPTED = 130
TYPE_CHECKING = False
if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command line; a mistake of the user is a sentence, or JSON with `--json`, and never a traceback."""
    atexit.register(gc.freeze)  # else the interpreter searches all that was imported for cycles before it ends
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = INTERRUPTED
    sys.exit(code)


def help_text() -> str:
    """What `tenant-keys --help` prints."""
    rows = "\n".join(f"  {name:<16} {command.does}" for name, command in COMMANDS.items())
    return (
        f"Usage: tenant-keys COMMAND [OPTIONS]\n\n{ABOUT}\n\nCommands:\n{rows}\n\n"
        f"`tenant-keys COMMAND --help` describes the options of a command.\n{EXIT_CODES}\n"
    )


def application(name: str) -> typer.Typer:
    """The Typer application with this command alone."""
    from importlib import import_module

    import typer

    app = typer.Typer(
        name="tenant-keys", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=ABOUT
    )
    app.callback()(lambda: None)  # one command alone would lose its name
    import_module(f"tenant_keys.cli.{COMMANDS[name].module}").register(app)
    return app


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h"):
        sys.stdout.write(help_text())
        return 0
    name, as_json = arguments[0], "--json" in arguments or "--format json" in " ".join(arguments).replace("=", " ")
    if name not in COMMANDS:
        return _fail(f"no command {name}{_did_you_mean(name)}; `tenant-keys --help` lists them", as_json=as_json)
    needed = COMMANDS[name].distribution
    if needed and not _is_installed("tenant_keys.local"):
        return _fail(f"tenant-keys {name}: not installed; pip install {needed}", as_json=as_json)
    return _invoke(name, arguments, as_json=as_json)


def _invoke(name: str, arguments: list[str], *, as_json: bool) -> int:
    import typer
    from typer.exceptions import TyperException

    try:
        code = int(application(name)(args=arguments, prog_name="tenant-keys", standalone_mode=False) or 0)
    except TyperException as error:
        if as_json:
            return _fail(error.format_message(), as_json=True)
        from typer.rich_utils import rich_format_error

        rich_format_error(error)  # type: ignore[arg-type]  # the subclass it names is private to Typer
        return COULD_NOT_RUN
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        from tenant_keys.cli.failures import Failure

        failure = Failure.of(error)
        if failure is None:
            raise
        return _fail(failure.text, as_json=as_json, code=failure.code, more=failure.details)
    if code == INTERRUPTED:  # Typer has caught the interrupt
        raise KeyboardInterrupt
    return code


def _fail(message: str, *, as_json: bool, code: int = COULD_NOT_RUN, more: dict[str, object] | None = None) -> int:
    if as_json:
        import json

        sys.stdout.write(json.dumps({"error": message, **(more or {})}, indent=1) + "\n")
    else:
        sys.stderr.write(f"{message}\n")
    return code


def _did_you_mean(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _is_installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
