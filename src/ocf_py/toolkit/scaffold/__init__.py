"""What `ocf-py new` writes: an agent made from an example, its tests and its man page."""
