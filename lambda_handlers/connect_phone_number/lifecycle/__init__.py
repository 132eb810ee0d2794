"""A phone number's life: what a request means, and how claims are opened, kept and closed. Knows nothing of HTTP."""
