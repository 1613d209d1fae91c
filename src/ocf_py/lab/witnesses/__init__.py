"""Who sees from outside what a failover did: a client, the addresses, the mounts."""

from __future__ import annotations

from ocf_py.lab.witnesses.addresses import AddressesWitness, AddressWitness
from ocf_py.lab.witnesses.answers import Answer, Outage
from ocf_py.lab.witnesses.client import AddressesClient, Client
from ocf_py.lab.witnesses.holdings import Holding
from ocf_py.lab.witnesses.mounts import MountWitness

__all__ = [
    "AddressWitness",
    "AddressesClient",
    "AddressesWitness",
    "Answer",
    "Client",
    "Holding",
    "MountWitness",
    "Outage",
]
