"""What runs in the nodes of a rehearsal: files of their own, for a bare Python."""
