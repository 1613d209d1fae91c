"""The packages as a package manager installs, upgrades and removes them."""
