"""CloudFormation's side: requests, responses, and what stacks hold. Nothing here knows about phone numbers."""
