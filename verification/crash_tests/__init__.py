"""Real kills: the handler runs in operating system processes that SIGKILL ends at random moments.

The simulator decides at which call an invocation dies. The crash tests do not: boto3 talks HTTP to the emulator of
Amazon Connect and to a DynamoDB server, and a kill ends the process in the middle of whatever it was doing.
CloudFormation, Lambda's retries, and the judgment come from ``verification``. Time runs faster than real time, equally
for all processes.

``python -m verification.crash_tests --kills 300`` prints what it did. A seed repeats the decisions, but not the moments
of the kills.
"""
