"""How much memory the function needs, and how long it takes to start."""
