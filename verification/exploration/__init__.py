"""Ways through a scenario: every fault, every order of calls, random ones; and what they have reached."""
