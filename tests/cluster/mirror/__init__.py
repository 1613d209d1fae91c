"""The hot standby: a directory that follows promotion, and a server that writes to it."""
