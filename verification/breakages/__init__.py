"""Deliberate breakages of the protocol, each of which the tests must notice.

A test that cannot fail proves nothing. Here the handler is broken on purpose, one rule at a time, in a copy; then the
simulator plays scenarios against the copy and has to report violations.

``python -m verification.breakages`` prints which scenario and which invariant caught which breakage.
"""
