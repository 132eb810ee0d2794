"""An app with many numbers in one stack: ``synth_app.py (own|native) COUNT FOLDER``."""

import sys
from typing import Final

from aws_cdk import App, Stack
from aws_cdk import aws_connect as connect

TARGET_ARN: Final = "arn:aws:connect:us-east-1:000000000000:instance/e3e70682-c209-4cac-a29f-6fbed82c07cd"


def main(kind: str, count: int, folder: str) -> None:
    """Synthesize the app: ``own`` with this library's construct, ``native`` with ``AWS::Connect::PhoneNumber``."""
    app = App(outdir=folder)
    stack = Stack(app, "Stack")
    if kind == "own":
        # Not imported by the native app, because the import is measured, too.
        from cdk_connect_phone_number import PhoneNumber

        for index in range(count):
            PhoneNumber(stack, f"Number{index}", target_arn=TARGET_ARN, country_code="US")
    else:
        for index in range(count):
            connect.CfnPhoneNumber(stack, f"Number{index}", target_arn=TARGET_ARN, country_code="US", type="DID")
    app.synth()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
