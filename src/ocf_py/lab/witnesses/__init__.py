"""Who sees from outside what a failover did: a client, the addresses, the mounts."""

from __future__ import annotations

from ocf_py.lab.witnesses.addresses import AddressWitness, Holding
from ocf_py.lab.witnesses.client import Answer, Client, Outage
from ocf_py.lab.witnesses.mounts import MountWitness

__all__ = ["AddressWitness", "Answer", "Client", "Holding", "MountWitness", "Outage"]
