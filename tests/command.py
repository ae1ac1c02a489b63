"""Runs `tenant-keys` in this process, through its `main`."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple
from unittest import mock

import boto3

from tenant_keys.cli import main


class Done(NamedTuple):
    """Exit code and what was printed."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def tenant_keys(*arguments: str) -> Done:
    """Run the command line as a process of its own would; a traceback is the test's."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["tenant-keys", *arguments]),
        mock.patch.object(boto3, "DEFAULT_SESSION", None),  # it keeps the credentials of the command before
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
    return Done(code, out.getvalue(), err.getvalue())
