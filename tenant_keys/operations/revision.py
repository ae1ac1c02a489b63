"""A git revision of the project, synthesized as it was, for comparison with the working tree."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

from tenant_keys.operations.errors import AppFailed, NodeUnusable, NoProject, RevisionUnusable

MANIFEST = Path("tenants.yaml")
"""What an app reads that is given no other."""
OLDEST_NODE: Final = 20
"""Major version (package.json of aws-cdk-lib, engines)."""


def check_out(revision: str, into: Path, project: Path) -> Path:
    """Write the files that a revision has in the project's folder below `into`; the working tree stays as it is.

    Where the revision has no such folder or nothing in it, `into` stays empty: git makes no archive of nothing.

    Raises:
        RevisionUnusable: git knows no such revision.
    """
    if not git(project, revision, "ls-tree", "--name-only", revision, "--", "./"):
        return into
    archived = git(project, revision, "archive", "--format=tar", revision)
    with tarfile.open(fileobj=io.BytesIO(archived)) as archive:
        # The filters of tarfile came with 3.11.4, and Debian 12 has 3.11.2. Git writes no path that leaves the folder.
        archive.extraction_filter = lambda member, _: member
        archive.extractall(into)  # noqa: S202 - see above; links are looked at next
    for path in sorted(into.rglob("*")):
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(into.resolve()):
            link = path.relative_to(into)
            raise RevisionUnusable(f"{revision}: {link} leads out of the repository, and is not followed")
    return into


def git(project: Path, revision: str, *arguments: str) -> bytes:
    """What git prints in the folder of a project.

    Raises:
        RevisionUnusable: git does not know the revision, or fails otherwise.
    """
    command = ["git", "-C", str(project), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - arguments, no shell
    if done.returncode:
        raise RevisionUnusable(f"{revision}: {done.stderr.decode(errors='replace').strip()}; name a commit or a branch")
    return done.stdout


def require_app(project: Path) -> Path:
    """The app of a checkout, which this machine can run: asked before anything else starts.

    Raises:
        NoProject: the checkout holds no app.
        NodeUnusable: there is no Node on the path, it does not start, or it is older than the CDK needs.
    """
    app = project / "app.py"
    if not app.is_file():
        raise NoProject(f"{app}: no such file; an app of the CDK is needed here, as tenant-keys init writes it")
    needs = f"the CDK needs Node {OLDEST_NODE} or newer"
    named = os.environ.get("JSII_NODE", "node")  # as the CDK's library asks for it
    program = shutil.which(named)
    if program is None:
        raise NodeUnusable(f"{named}: not found on the PATH; {needs}")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.match(r"v(\d+)\.", done.stdout)
    if done.returncode or version is None:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise NodeUnusable(f"{program} --version: {said}; {needs}")
    if int(version[1]) < OLDEST_NODE:
        raise NodeUnusable(f"{program}: got version {done.stdout.strip()}; {needs}")
    return app


def synthesize(project: Path, output: Path, manifest: Path = MANIFEST) -> Path:
    """Run the app of a checkout by its own code, on a manifest in it; returns the cloud assembly.

    Raises:
        AppFailed: the app failed; the message holds the last lines that it printed.
        NoProject: the checkout holds no app.
        NodeUnusable: there is no Node that can run the app.
    """
    app = require_app(project)
    roots = (project, project / "constructs", project / "stacks")
    env = {**os.environ, "CDK_OUTDIR": str(output), "PYTHONPATH": os.pathsep.join(map(str, roots))}
    if manifest != MANIFEST:  # the app takes it from its context, as `cdk synth -c manifest=FILE` gives it
        env["CDK_CONTEXT_JSON"] = json.dumps({"manifest": str(project / manifest)})
    command = [sys.executable, str(app)]
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise AppFailed(f"{project}: the app failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")
    return output
