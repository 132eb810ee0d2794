"""Mutation testing: small changes of the lifecycle's code, one at a time, that the unit tests must notice.

``python -m verification.mutation`` runs mutmut in a copy of the repository and prints the changes that no test noticed.
``docs/mutation.md`` lists the remaining changes and the reasons.
"""
