"""The ledger: each intent is recorded before it is carried out, so that any invocation can continue from there."""
