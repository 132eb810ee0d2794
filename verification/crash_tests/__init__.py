"""Real kills: the handler in processes of the operating system, ended with SIGKILL at random moments.

The simulator decides at which call an invocation dies. Here nobody decides: boto3 talks HTTP to the emulator of Amazon
Connect and to a DynamoDB, and the process is gone in the middle of whatever it was doing. CloudFormation, Lambda's
retries and the judgment are those of ``verification``. Time runs faster than real time, for all alike.

``python -m verification.crash_tests --kills 300`` prints what it did; a seed repeats its decisions, not the moments of
the kills.
"""
