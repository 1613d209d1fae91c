"""The two guests that all runs share: one database, and the cluster with either agent above it."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.lab.cib import read_configuration
from ocf_py.lab.errors import LabError
from ocf_py.lab.vm.drbd_pair import LINBIT_HANDLERS, OUR_HANDLERS, DrbdPair
from tests.bench.cluster.configurations import nothing
from tests.vm.drbd_database import CIB, CLONE, DISK, MirroredDatabase

if TYPE_CHECKING:
    from ocf_py.lab import Lab
    from ocf_py.lab.progress import Progress

OURS, THEIRS = PROVIDERS = ("ocfpy", "linbit")
#: How each is meant to be fenced.
_HANDLERS = {OURS: OUR_HANDLERS, THEIRS: LINBIT_HANDLERS}
# A node that is back while the other still takes over keeps it waiting: for whom, chance decides.
_PROPERTIES = {"stonith-action": "off"}
_CALM_SECONDS = 5.0


class Session:
    """The database; between two loads nothing runs but the lab's fence devices."""

    def __init__(self, lab: Lab, progress: Progress) -> None:
        self.lab = lab
        self.progress = progress
        self.database = MirroredDatabase(DrbdPair(lab, fencing="resource-and-stonith"))

    def create(self) -> None:
        """Make the database; all is down."""
        self.database.pair.handlers = _HANDLERS[OURS]
        self.database.create()

    def load(self, provider: str) -> None:
        """Have the cluster run it with an agent and its handlers, until all is at rest."""
        self._load(provider, describe(provider))
        self.database.await_rest()
        time.sleep(_CALM_SECONDS)

    def load_disk(self, provider: str) -> None:
        """The same of the mirrored disk alone, with nothing on it."""
        self._load(provider, describe_disk(provider))
        self.database.await_disk()
        time.sleep(_CALM_SECONDS)

    def _load(self, provider: str, configuration: etree._Element) -> None:
        self.database.pair.handlers = _HANDLERS[provider]
        self.database.pair.configure()
        with TemporaryDirectory() as folder:
            self.lab.load(write(configuration, Path(folder)))

    def clear(self) -> None:
        """Stop all of it."""
        with TemporaryDirectory() as folder:
            self.lab.load(write(nothing(), Path(folder)))
        self.database.settle()

    def measure_idle(self, window: float) -> float:
        """CPU of both guests while nothing is asked of them, in seconds a second."""
        begun, used = time.monotonic(), self._cpu_seconds()
        time.sleep(window)
        return (self._cpu_seconds() - used) / (time.monotonic() - begun)

    def _cpu_seconds(self) -> float:
        return sum(node.cpu_seconds() for node in self.lab.nodes)


def describe(provider: str) -> etree._Element:
    """The example, whose disk alone is of the provider."""
    configuration = read_configuration(CIB)
    properties = etree.SubElement(
        _section(configuration, "crm_config"), "cluster_property_set", id="bench"
    )
    for name, value in _PROPERTIES.items():
        etree.SubElement(properties, "nvpair", id=f"bench-{name}", name=name, value=value)
    if provider == THEIRS:
        (disk,) = (one for one in configuration.iter("primitive") if one.get("id") == DISK)
        disk.set("provider", "linbit")
        disk.set("type", "drbd")
    return configuration


def describe_disk(provider: str) -> etree._Element:
    """The same without what is on the disk, whose monitors would drown those of the disk."""
    configuration = describe(provider)
    for section in (_section(configuration, name) for name in ("resources", "constraints")):
        for one in [*section]:
            if one.get("id") != CLONE:
                section.remove(one)
    return configuration


def _section(configuration: etree._Element, name: str) -> etree._Element:
    section = configuration.find(name)
    if section is None:
        raise LabError(f"{CIB} has no {name}")
    return section


def write(configuration: etree._Element, folder: Path) -> Path:
    """Write a configuration to a file in a folder."""
    path = folder / "bench.xml"
    path.write_bytes(etree.tostring(configuration))
    return path


def order_providers(run: int) -> tuple[str, ...]:
    """Who is measured first and who second: they change places from run to run."""
    return PROVIDERS if run % 2 == 0 else PROVIDERS[::-1]
