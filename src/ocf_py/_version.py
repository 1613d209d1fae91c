"""The version, in one place; nothing that an action imports needs it."""

__version__ = "0.1.0"
