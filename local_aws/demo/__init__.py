"""The main job from end to end on this machine, for a person to watch: ``make demo``.

Each step announces what it does and does it with the same programs that a user has (the CDK CLI, the AWS SDK). It then
checks the result against what Amazon Connect saw, never against what the function believes. The first check that fails
ends the demo.
"""
