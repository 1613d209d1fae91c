"""Judges the metadata of agents: by the schema of OCF, and by what breaks in practice."""
