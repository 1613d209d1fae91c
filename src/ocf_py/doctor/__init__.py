"""Whether a node is fit for the agents: one concern a file. It changes nothing."""
