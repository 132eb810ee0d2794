"""CloudFormation's side: what a request says and how it is answered. Nothing here knows of phone numbers."""
