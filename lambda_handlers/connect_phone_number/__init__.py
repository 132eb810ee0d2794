"""The Lambda function behind the custom resource: CloudFormation's protocol and a phone number's lifecycle."""
