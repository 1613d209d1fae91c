"""The command line `ocf-py`; only `main` needs more than the standard library."""

from __future__ import annotations


def main() -> None:
    """Runs `ocf-py` with the arguments of this process."""
    from ocf_py.toolkit.command import run

    run()
