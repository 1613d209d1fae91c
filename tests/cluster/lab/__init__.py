"""The lab itself: its command, what it is made of, faults, witnesses, and that nothing is left."""
