"""The seams through which an agent reaches the machine: network, processes, commands."""
