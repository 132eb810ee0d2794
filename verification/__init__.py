"""The program that proves the lifecycle contract: it runs the real handler code in a world where anything can fail.

* ``simulator`` plays CloudFormation and Lambda with their manners in virtual time. The emulator plays Amazon Connect,
  and a store in memory plays the ledger's database. Every call of the handler to the outside world goes through one
  place (``wire``), where any call can fail, hang, or be the last one. ``invariants`` judges a run by what Connect and
  CloudFormation have seen, never by the handler's own records. New faults go into ``simulator/faults.py``.
* ``scenarios`` describe what happens to stacks. ``catalog.by_name("S1 create, delete")`` returns one, and
  ``simulator.runner.run(scenario, {8: fault})`` plays it with a fault at the call that has the index 8.
* ``exploration`` plays all faults of a scenario (``fault_matrix``), the orders in which the calls of simultaneous
  invocations can follow each other (``schedules``), and random sequences of operations (``random_walks``).
* ``crash_tests`` kill real processes. ``breakages`` and ``mutation`` show that the tests notice incorrect code.
  ``manners`` lists each behavior of AWS that the simulator plays, with its source.

``python -m verification`` plays everything.
"""
