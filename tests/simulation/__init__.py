"""The simulator that proves the lifecycle contract: the real handler code in a world that can do its worst.

CloudFormation and Lambda are played here with their manners, Amazon Connect by the emulator, the ledger by a store in
memory, and time is virtual. Whatever the handler does to the world outside goes through one place (``wire``), where
any call can fail, hang, or be the last one. What is right is judged by ``invariants`` from what Connect and
CloudFormation have seen, never from the handler's own records.

``scripts.by_name("S1 create, delete")`` is a script; ``runner.run(script, {8: fault})`` plays it, with a fault at the
call that has the index 8; the result has the violations and a trace to read. ``faults.faults_of(call)`` are the faults
that can hit a call, ``matrix`` goes through all of them, ``exploring`` through the orders in which the calls of
attempts that run at the same time can follow each other, ``walks`` goes anywhere. ``python -m tests.simulation`` plays
everything.
"""
