"""Deliberate breakages of the protocol, each of which the tests must notice.

A test that cannot fail proves nothing. This package breaks the handler on purpose, one rule at a time, in a copy. The
simulator then plays scenarios against the copy and has to report violations.

``python -m verification.breakages`` prints which scenario and which invariant caught each breakage.
"""
