"""Mutation testing: small changes of the lifecycle's code, one at a time, that the unit tests have to notice.

``python -m verification.mutation`` lets mutmut do that in a copy of the repository, and prints what no test has
noticed.
``docs/mutation.md`` says what is left, and why.
"""
