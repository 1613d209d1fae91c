"""What `Drbd` runs on: a resource of DRBD as one picture, its worth, and its fencing."""
