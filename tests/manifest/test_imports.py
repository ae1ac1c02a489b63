"""What the manifest's package imports by itself: each name is imported on first access."""

from __future__ import annotations

import subprocess
import sys


def test_the_package_imports_no_module_before_it_is_asked_for() -> None:
    program = (
        "import sys, tenant_keys.manifest as package; "
        "print(sorted(one for one in sys.modules if one.startswith('tenant_keys.manifest.'))); "
        "print(package.Problem.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "tenant_keys.manifest.errors"]
