"""What the agent Service runs on: programs, their processes, and what tells whether they work."""
