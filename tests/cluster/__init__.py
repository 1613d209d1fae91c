"""A real Corosync and Pacemaker in the lab, with faults."""
