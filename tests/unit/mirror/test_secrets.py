"""A file of secrets is read strictly, and no message holds a part of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.secrets import SecretsUnusable, read_secrets

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "sixteen-letters-and-more"  # noqa: S105 - of a test


def write(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "secrets"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_the_first_line_is_the_one_to_present(tmp_path: Path) -> None:
    path = write(tmp_path, f"# of 2026\nnew:{SECRET}:x\n\nold:{SECRET}\n")
    assert read_secrets(path) == [("new", f"{SECRET}:x"), ("old", SECRET)]


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("", 0o600, "holds no secret"),
        ("# nothing\n", 0o600, "holds no secret"),
        (f"{SECRET}\n", 0o600, "line 1 of .* is not NAME:SECRET"),
        (f"a:{SECRET}\nb b:{SECRET}\n", 0o600, "line 2 of .* is not NAME:SECRET"),
        ("a:short-secret\n", 0o600, "fewer than 16 characters"),
        (f"a: {SECRET}\n", 0o600, "blanks at its ends"),
        (f"a:{SECRET}\na:{SECRET}2\n", 0o600, "a name twice"),
        (f"a:{SECRET}\n", 0o640, "others can read .*chmod 0600"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(
    tmp_path: Path, text: str, mode: int, said: str
) -> None:
    with pytest.raises(SecretsUnusable, match=said) as caught:
        read_secrets(write(tmp_path, text, mode))
    assert SECRET not in str(caught.value)
    assert "short-secret" not in str(caught.value)


@pytest.mark.parametrize("what", ["nothing", "folder", "link", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "secrets"
    if what == "folder":
        path.mkdir()
    elif what == "link":
        (tmp_path / "elsewhere").mkdir()
        path.symlink_to(write(tmp_path / "elsewhere", f"a:{SECRET}\n"))
    elif what == "pipe":
        os.mkfifo(path)
    with pytest.raises(SecretsUnusable):
        read_secrets(str(path))
