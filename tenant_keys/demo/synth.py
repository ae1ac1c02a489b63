"""The real `cdk synth`, which proves isolation and fails if it does not hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tenant_keys.demo.errors import SynthFailed
from tenant_keys.local.deploy import end, find_cdk

UNPACKED = Path(sys.prefix) / "jsii"
"""The CDK's thousands of files, where `make setup` unpacked them; else each run does, and removes them again."""


def project() -> Path:
    """The folder of cdk.json: the current one, or the checkout that this code is in.

    Raises:
        SynthFailed: neither is.
    """
    for folder in (Path.cwd(), Path(__file__).resolve().parents[2]):
        if (folder / "cdk.json").is_file():
            return folder
    raise SynthFailed(f"cdk.json: not found in {Path.cwd()}; run the demo in the checkout")


def synthesize(manifest: Path, scratch: Path, output: Path, *, validate: bool = True) -> None:
    """Run it with everything that it writes, caches included, below the scratch folder.

    `validate`: with cdk-nag, CDK's own validator and the proof as parts of it.

    Raises:
        NodeMissing: no Node or no CDK CLI.
        SynthFailed: it says why.
    """
    arguments = ["synth", "--quiet", "--no-notices", "--no-color", "--output", str(output)]
    arguments += [] if validate else ["--no-validation"]
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",  # cdk.json says python3
        "CDK_HOME": str(scratch / "cdk"),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(UNPACKED if UNPACKED.is_dir() else scratch / "jsii"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "NODE_NO_WARNINGS": "1",
        "TMPDIR": str(scratch),
    }
    process = subprocess.Popen(  # noqa: S603  # the CDK CLI
        [find_cdk(), *arguments, "-c", f"manifest={manifest.resolve()}"],
        cwd=project(),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that it can be ended with the app and the kernel that it starts
    )
    try:
        said, _ = process.communicate()
    except BaseException:
        end(process)
        raise
    if process.returncode:
        raise SynthFailed(f"cdk synth ended with {process.returncode}\n{said[-4000:].strip()}")
