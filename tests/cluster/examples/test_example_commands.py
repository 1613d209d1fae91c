"""What docs/howto/examples.md has its reader type gives an example to a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import settle
from tests.example_page import commands_of_crm, commands_of_pcs, read_blocks, read_sections

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab import Lab


@pytest.mark.parametrize("tool", ["pcs", "crm"])
def test_the_commands_of_the_page_bring_the_address_up(lab: Lab, tmp_path: Path, tool: str) -> None:
    empty = tmp_path / "empty.xml"
    empty.write_text("<configuration><resources/></configuration>")
    lab.load(empty)
    settle(lab)
    fetch, push, _ = read_blocks(read_sections()[""], "sh")
    commands = {
        "pcs": f"{fetch}{commands_of_pcs('address')}{push}",
        "crm": commands_of_crm("address"),
    }
    node = lab.nodes[0]
    node.run(["bash", "-e", "-c", f"cd /var/lib\n{commands[tool]}"], timeout=300)
    lab.wait_for_place("vip")
    settle(lab)
