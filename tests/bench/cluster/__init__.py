"""What a cluster of real nodes makes of our address, beside the same cluster with IPaddr2."""
