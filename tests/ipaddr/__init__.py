"""What IPaddr does, said once and held against two worlds: the fake network and the real kernel."""
