"""What `ocf-py test` is made of: who is tested with what, and how the outcome is told."""
