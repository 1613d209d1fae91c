"""A Pacemaker configuration as it is written: its elements, its resources, what they inherit."""
