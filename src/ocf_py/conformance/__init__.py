"""The checks that hold an agent to the protocol: one code for the contract tier and the toolkit."""
