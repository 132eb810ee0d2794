"""Code of the Lambda functions: one package each. This folder is the asset that is deployed."""
