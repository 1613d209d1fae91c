"""A scope of systemd on a host whose control groups are of version 1 alone."""

from __future__ import annotations

import time

import pytest

import ocf_py.system
from ocf_py.service import scope


def test_without_version_2_no_start_waits_for_what_never_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = b"4:memory:/x\n1:name=systemd:/system.slice/ocfpy-a.scope\n"
    monkeypatch.setattr(ocf_py.system, "read_file", lambda _path: groups)
    began = time.monotonic()
    with pytest.raises(OSError, match="version 2"):
        scope._wait_until_inside("/ocfpy-a.scope", 1, "")
    assert time.monotonic() - began < 1
