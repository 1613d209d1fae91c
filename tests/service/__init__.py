"""What Service has to do, checked in every world there is: see `world`."""
