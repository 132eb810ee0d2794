"""AWS on this machine: what the tests and the demo deploy to instead of a real account."""
