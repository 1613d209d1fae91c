"""What runs in a guest: standard library alone, and no import of the package."""
