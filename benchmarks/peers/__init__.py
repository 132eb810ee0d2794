"""Two handlers written the usual way, for comparison: what most custom resources for phone numbers look like.

Both are written for this comparison, to be as good as their kind: they check their input, use the waiters and retries
that one uses, and answer CloudFormation in every case they can think of. What they lack is a ledger.
"""
