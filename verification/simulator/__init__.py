"""The world that the handler runs in: AWS as it may behave, virtual time, faults, and who judges the outcome."""
