"""Who sees from outside what a failover did: a client, the addresses, the mounts, the disk."""

from __future__ import annotations

from ocf_py.lab.witnesses.addresses import AddressesWitness, AddressWitness
from ocf_py.lab.witnesses.answers import Answer, Outage
from ocf_py.lab.witnesses.client import AddressesClient, Client
from ocf_py.lab.witnesses.disk import DiskWitness
from ocf_py.lab.witnesses.holdings import Holding
from ocf_py.lab.witnesses.mounts import MountWitness

__all__ = [
    "AddressWitness",
    "AddressesClient",
    "AddressesWitness",
    "Answer",
    "Client",
    "DiskWitness",
    "Holding",
    "MountWitness",
    "Outage",
]
