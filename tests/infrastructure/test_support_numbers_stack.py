"""The example stack: a number, its outputs, and nothing else."""

from .conftest import TARGET_ARN, Synthesized

STACK = "ConnectSupportNumbers"


def test_has_the_number_alone(synthesized: Synthesized) -> None:
    number = synthesized.resource(STACK, "Custom::ConnectPhoneNumber")

    assert len(synthesized.templates[STACK]["Resources"]) == 1
    assert number["Properties"]["TargetArn"] == TARGET_ARN
    assert number["Properties"]["CountryCode"] == "US"
    assert number["Properties"]["Type"] == "DID"
    assert number["Properties"]["Description"] == "Support line"
    assert "Prefix" not in number["Properties"]


def test_uses_the_platforms_provider(synthesized: Synthesized) -> None:
    number = synthesized.resource(STACK, "Custom::ConnectPhoneNumber")
    exports = {
        output["Export"]["Name"]: output["Value"]
        for output in synthesized.templates["ConnectPhoneNumberProvider"]["Outputs"].values()
        if "Export" in output
    }
    (function,) = synthesized.resources("ConnectPhoneNumberProvider", "AWS::Lambda::Function")

    assert exports[number["Properties"]["ServiceToken"]["Fn::ImportValue"]] == {"Fn::GetAtt": [function, "Arn"]}


def test_shows_the_number_and_its_arn(synthesized: Synthesized) -> None:
    (number,) = synthesized.resources(STACK, "Custom::ConnectPhoneNumber")
    outputs = synthesized.templates[STACK]["Outputs"]

    assert outputs["PhoneNumber"]["Value"] == {"Fn::GetAtt": [number, "PhoneNumber"]}
    assert outputs["PhoneNumberArn"]["Value"] == {"Ref": number}
