"""Plans: what a deployment would do to phone numbers, found out by the function's own rules.

A plan is a rehearsal. The ledger is copied into memory, the requests that CloudFormation would send are decided on
there by the very code that decides on the real ones, and what has changed in the copy is the plan. Nothing is written
and no call is made to Amazon Connect.
"""
