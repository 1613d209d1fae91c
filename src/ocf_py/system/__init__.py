"""The seams through which an agent reaches the machine: network, processes, commands."""

#: What must not outlive a boot: the start records. Root's alone; packages make it at boot.
RUN_DIRECTORY = "/run/ocfpy"
