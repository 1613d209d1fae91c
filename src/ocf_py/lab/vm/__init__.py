"""A lab whose nodes are QEMU guests: what needs a kernel of its own, as DRBD does."""
