"""What reaches Pacemaker's tools, and what becomes of their refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.cluster import Cluster
from ocf_py.deadline import Deadline
from ocf_py.environment import Environment
from ocf_py.log import Log
from ocf_py.outcomes import MINUS_INFINITY, Failure, NotInstalled

if TYPE_CHECKING:
    from pathlib import Path

TOOL = """#!/bin/sh
echo "$(basename $0) $*" >> {log}
echo "$PCMK_ipc_type $OCF_RESKEY_password" >> {seen}
{then}
"""


class Tools:
    """A folder first on PATH whose tools write down how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.seen = folder / "seen"
        self.answer("exit 0")

    def answer(self, then: str) -> None:
        for name in ("crm_attribute", "crm_master", "attrd_updater"):
            tool = self.folder / name
            tool.write_text(TOOL.format(log=self.log, seen=self.seen, then=then))
            tool.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Tools(tmp_path)


def cluster(timeout: float = 20, **variables: str) -> Cluster:
    environment = Environment({"OCF_RESOURCE_INSTANCE": "st", **variables})
    return Cluster(environment, Deadline(timeout), Log(facility="none"))


def test_a_score_is_set_and_deleted(tools: Tools) -> None:
    cluster(OCF_RESKEY_CRM_meta_on_node="n1").set_promotion_score(10)
    cluster().set_promotion_score(MINUS_INFINITY)
    cluster().delete_promotion_score()
    assert tools.calls == [
        "crm_attribute --promotion=st -N n1 -l reboot -v 10",
        "crm_attribute --promotion=st -l reboot -v -INFINITY",
        "crm_attribute --promotion=st -l reboot -D",
    ]


def test_an_older_pacemaker_is_asked_by_its_own_tool(tools: Tools) -> None:
    cluster(OCF_RESKEY_crm_feature_set="3.7.1").set_promotion_score(10)
    cluster(OCF_RESKEY_crm_feature_set="3.16.2").set_promotion_score(10)
    assert [call.split()[0] for call in tools.calls] == ["crm_master", "crm_attribute"]


def test_a_score_that_cannot_be_set_is_logged_alone(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr("ocf_py.log.Log.warning", lambda _, text: heard.append(text))
    tools.answer("echo 'not connected' >&2; exit 102")
    cluster().set_promotion_score(10)
    assert len(heard) == 1
    assert heard[0].endswith("ended with 102: not connected")


def test_attributes_are_set_read_and_deleted(tools: Tools) -> None:
    cluster().set_attribute("lag", "3")
    cluster().delete_attribute("lag")
    tools.answer("echo 3")
    assert cluster().attribute("lag") == "3"
    tools.answer("exit 105")
    assert cluster().attribute("lag") == ""
    assert tools.calls[0] == "attrd_updater -n lag -U 3"
    assert tools.calls[1] == "attrd_updater -n lag -D"


def test_an_attribute_that_cannot_be_set_is_a_failure(tools: Tools) -> None:
    tools.answer("echo 'not connected' >&2; exit 102")
    with pytest.raises(Failure, match="ended with 102: not connected"):
        cluster().set_attribute("lag", "3")


def test_a_tool_that_hangs_is_given_up(tools: Tools) -> None:
    tools.answer("exec sleep 60")
    with pytest.raises(Failure, match="did not end|time"):
        cluster(timeout=0.4).set_attribute("lag", "3")


def test_a_tool_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocf_py.system.commands._search_path", lambda: [str(tmp_path)])
    with pytest.raises(NotInstalled, match="attrd_updater is not installed"):
        cluster().set_attribute("lag", "3")


def test_the_tools_see_the_clusters_variables_and_no_parameter(tools: Tools) -> None:
    cluster(PCMK_ipc_type="socket", OCF_RESKEY_password="hush").set_promotion_score(1)  # noqa: S106 - it is none
    assert tools.seen.read_text() == "socket \n"
