"""AWS on this machine: the tests and the demo deploy to it instead of a real account."""
