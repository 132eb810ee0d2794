"""What invocations tell each other through the table to be faster. Nothing that is right or wrong depends on it."""
