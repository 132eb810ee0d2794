"""The operators' command ``connect-phone-numbers``: what an account has, what is left, and what has drifted.

It reads with the caller's own credentials and changes nothing. Importing it does not import aws-cdk-lib.
"""
