"""Programs that stand for what a sandbox does not have."""
