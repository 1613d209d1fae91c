"""The configuration of a Heartbeat v1 cluster, and what becomes of it: Corosync and a CIB."""
