"""An offboarding from the last use to the certificate, by the commands that a team runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tenant_keys.local import LocalAws
from tools.life_cycle.leaving_tenants import ADMIN, BREAK_GLASS, CENTRAL, READER, Leaving

ROOT = Path(__file__).parents[2]


def show(tenant: str) -> None:
    """Run it for a tenant of `leaving_tenants.MANIFEST`, and print every command with its output."""
    with LocalAws(accounts=(CENTRAL,)) as aws, tempfile.TemporaryDirectory() as folder:
        leaving = Leaving(aws, Path(folder))
        arns = leaving.create(tenant)

        def run(role: str, *arguments: str) -> None:
            command = ["tenant", "offboard", tenant, *arguments]
            print(f"\n{role or 'nobody'}$ tenant-keys {' '.join(command)}", flush=True)
            environment = aws.environment(credentials=leaving.credentials(role)) if role else {}
            subprocess.run(  # the command line, as a person runs it
                [sys.executable, "-c", "from tenant_keys.cli import main; main()", *command],
                cwd=folder,
                env={**environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
                check=False,
            )

        def passes(days: float) -> None:
            aws.advance(days)
            print(f"\n... {days:g} days later", flush=True)

        run("", "--yes")
        leaving.deploy(tenant, arns, "offboarding")
        print("\n... deployed: the policy of the key allows nobody to use it")
        run(READER)
        run("", "--final", "--yes")
        print("\n... deployed: the key has left its stack")
        run(BREAK_GLASS, "--yes")
        passes(31)
        if importer := leaving.estate.tenants[tenant].import_role:
            run(importer.rpartition("/")[2], "--shred", "--yes")
        run(BREAK_GLASS, "--yes")
        run(ADMIN, "--cancel", "--yes")
        run(BREAK_GLASS, "--yes")
        for _ in arns:
            passes(31)
        run(BREAK_GLASS, "--yes")
