"""What MirrorSync runs beside Pacemaker: the generation protocol, the passes, the worker."""
