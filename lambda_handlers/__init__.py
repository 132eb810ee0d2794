"""Code of the Lambda functions, one package per function. This folder is the deployed asset."""
