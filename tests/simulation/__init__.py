"""The simulator that proves the lifecycle contract: the real handler code in a world that can do its worst.

CloudFormation and Lambda are played here with their manners, Amazon Connect by the emulator, the ledger by a store in
memory, and time is virtual. Whatever the handler does to the world outside goes through one place (``wire``), where
any call can fail, hang, or be the last one. What is right is judged by ``invariants`` from what Connect and
CloudFormation have seen, never from the handler's own records.
"""
