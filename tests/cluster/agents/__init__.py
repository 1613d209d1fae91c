"""Our agents on a cluster: services and databases move, units of systemd, who comes from others."""
