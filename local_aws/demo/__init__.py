"""The main job from end to end, on this machine, for a person to watch: ``make demo``.

Each step says what it does, does it with the same programs that a user has (the CDK CLI, the AWS SDK), and checks
what came of it against what Amazon Connect saw, never against what the function believes. The first check that does
not hold ends the demo.
"""
