"""Templates as text."""

import pytest

from cdk_connect_phone_number.cli.template_text import parse_template


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"Resources": {"Ref": "A"}}', {"Resources": {"Ref": "A"}}),
        ("Resources: !Ref A", {"Resources": {"Ref": "A"}}),
        ("Here: !GetAtt Function.Arn", {"Here": {"Fn::GetAtt": ["Function", "Arn"]}}),
        ("Here: !GetAtt [Child, Outputs.Arn]", {"Here": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}),
        ("Here: !Sub '${A}-b'", {"Here": {"Fn::Sub": "${A}-b"}}),
        ("Here: !Join [':', [a, !Ref B]]", {"Here": {"Fn::Join": [":", ["a", {"Ref": "B"}]]}}),
        ("Here: !If [IsUs, 1, !Ref AWS::NoValue]", {"Here": {"Fn::If": ["IsUs", 1, {"Ref": "AWS::NoValue"}]}}),
        ("Here: !Condition Yes", {"Here": {"Condition": "Yes"}}),
        ("Here: !Transform {Name: A}", {"Here": {"Fn::Transform": {"Name": "A"}}}),
        # CloudFormation takes the date of a template's format for a text.
        ("AWSTemplateFormatVersion: 2010-09-09", {"AWSTemplateFormatVersion": "2010-09-09"}),
    ],
)
def test_a_template_is_read(text: str, value: object) -> None:
    assert parse_template(text) == value


@pytest.mark.parametrize("text", ["{", "a: [", "a: !!python/object:os.system {}"])
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither JSON nor YAML"):
        parse_template(text)
