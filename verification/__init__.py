"""The program that proves the lifecycle contract: the real handler code in a world that can do its worst.

* ``simulator`` plays CloudFormation and Lambda with their manners, Amazon Connect by its emulator, the ledger by a
  store in memory, in virtual time. Whatever the handler does to the world outside goes through one place (``wire``),
  where any call can fail, hang, or be the last one. ``invariants`` judges by what Connect and CloudFormation have
  seen, never by the handler's own records. A new fault is added to ``simulator/faults.py``.
* ``scenarios`` are what happens to stacks: ``catalog.by_name("S1 create, delete")`` is one, and
  ``simulator.runner.run(scenario, {8: fault})`` plays it with a fault at the call that has the index 8.
* ``exploration`` goes through all faults of a scenario (``fault_matrix``), through the orders in which the calls of
  invocations that run at the same time can follow each other (``schedules``), and anywhere (``random_walks``).
* ``crash_tests`` kill real processes, ``breakages`` and ``mutation`` show that what is wrong is found, and
  ``manners`` lists with its source each behavior of AWS that is played.

``python -m verification`` plays everything.
"""
