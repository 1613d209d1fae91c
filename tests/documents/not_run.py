"""The documented commands that no test runs from their page, each with its reason.

By page, then by the command's first line without its comment. `test_documents.py` of the unit tier
holds it to be complete, and to name nothing that is not there.
"""

from __future__ import annotations

_TARGET = "a target of make: what runs these tests has run it, or runs it by itself"

NOT_RUN: dict[str, dict[str, str]] = {
    "README.md": {},
}
