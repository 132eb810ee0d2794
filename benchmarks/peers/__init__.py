"""Two handlers written the usual way, for comparison. Most custom resources for phone numbers look like these.

Both were written for this comparison, and are as good as handlers of their kind can be. They check their input, use the
common waiters and retries, and respond to CloudFormation in every case that they can foresee. They lack a ledger.
"""
