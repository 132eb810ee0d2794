"""Ways through a scenario: every fault, every order of calls, and random ones."""
