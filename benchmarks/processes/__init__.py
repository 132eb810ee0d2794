"""The CPU time of whole processes side by side: the function's start and boto3's, synth of our and of L1 constructs."""
