"""Seeded odd environments for an agent, and a witness of what each call does to the machine."""
