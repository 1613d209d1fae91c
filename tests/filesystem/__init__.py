"""What Filesystem does, said once and held against two worlds: the fake storage and the kernel."""
