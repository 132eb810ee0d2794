"""The ledger: what is intended, written down before it is done, so that any process can go on from there."""
