"""The whole lifecycle of one number, once, on real AWS: ``make acceptance``.

It is a test, but it costs money and an allowance that cannot be refunded. Therefore no test run finds it: no name has
the prefix ``test_``, and the program asks before it does anything. docs/acceptance.md describes its steps and its cost.
"""
