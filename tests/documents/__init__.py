"""The documentation's commands, read from its pages and run where they belong."""
