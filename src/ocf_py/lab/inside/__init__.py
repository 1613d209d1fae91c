"""What runs inside a node, on the machine's own Python and its standard library alone."""
