"""Judges what is written down, before a cluster does: agents' metadata, and configurations."""
