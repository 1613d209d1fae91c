"""Installs this checkout, and all that development uses, for the Python that it runs in.

Every package by its hash, as `make lock` wrote it down; then the checkout itself, which is built by
what was installed a moment ago.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOCK = CHECKOUT / "packaging/requirements-dev.txt"


def main() -> None:
    """Ends as pip does where it fails."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    for words in (
        ["--require-hashes", "-r", str(LOCK)],
        ["--no-deps", "--no-build-isolation", "-e", str(CHECKOUT)],
    ):
        done = subprocess.run([*pip, *words], check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
