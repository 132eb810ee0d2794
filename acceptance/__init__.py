"""The whole lifecycle of one number, once, on real AWS: ``make acceptance``.

It is a test, so it is here; but it costs money and allowance that nobody gives back, so no test run finds it: it has no
``test_`` in its names, and it asks before it does anything. What it does, and what it takes, is in docs/acceptance.md.
"""
