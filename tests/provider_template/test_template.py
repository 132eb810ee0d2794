"""The template deploys what the construct deploys, option by option, and its zip is reproducible."""

import inspect
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from aws_cdk import Fn, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from cdk_connect_phone_number import PhoneNumberBudget, PhoneNumberProvider
from docs.tools.pages import ROOT
from lambda_handlers.connect_phone_number.budget import Policy
from provider_template.archive import digest, write_zip
from provider_template.merging import is_list, is_object
from provider_template.options import NOT_OFFERED, PARAMETERS
from provider_template.template import synthesize

from .deployed import Deployment, normalized

# The template is built once, so one worker has to run all tests.
pytestmark = pytest.mark.xdist_group("provider_template")

_TARGETS: Final = [
    "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555",
    "arn:aws:connect:us-east-1:000000000000:instance/66666666-7777-8888-9999-000000000000",
]
_KEY: Final = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
_TOPIC: Final = "arn:aws:sns:us-east-1:000000000000:alarms"
_BOUNDARY: Final = "arn:aws:iam::000000000000:policy/boundary"
_MAX_TEMPLATE_BODY: Final = 51_200
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

Arguments = Callable[[Stack], Mapping[str, Any]]


def _known_at_deployment() -> list[str]:
    """Return the targets as the construct has them where synth does not know which are instances."""
    return [Fn.sub(arn) for arn in _TARGETS]


def _network(stack: Stack) -> Mapping[str, Any]:
    return {
        "vpc": ec2.Vpc.from_vpc_attributes(
            stack,
            "Vpc",
            vpc_id="vpc-1",
            availability_zones=["us-east-1a", "us-east-1b"],
            private_subnet_ids=["subnet-1", "subnet-2"],
        ),
        "security_groups": [
            ec2.SecurityGroup.from_security_group_id(stack, name, name, mutable=False) for name in ("sg-1", "sg-2")
        ],
    }


_CASES: Final[Mapping[str, tuple[Mapping[str, str], Arguments]]] = {
    "nothing": ({"ServiceTokenParameterName": ""}, lambda _: {}),
    "targets": ({"TargetArns": ",".join(_TARGETS)}, lambda _: {"target_arns": _known_at_deployment()}),
    "no adoption": ({"AllowAdoption": "false"}, lambda _: {"allow_adoption": False}),
    "stack names": ({"StackNamePrefix": "team-a"}, lambda _: {"stack_name_prefix": "team-a"}),
    "budget": (
        {
            "BudgetQuota": "10",
            "BudgetBaseline": '{"2026-11-01": 12, "2026-11-02": 0}',
            "BudgetReserve": "0",
            "BudgetRefuses": "false",
            "BudgetPostponeReleasesBelow": "3",
        },
        lambda _: {
            "budget": PhoneNumberBudget(
                quota=10,
                baseline={date(2026, 11, 1): 12, date(2026, 11, 2): 0},
                reserve=0,
                refuses=False,
                postpone_releases_below=3,
            )
        },
    ),
    "a table that is protected": (
        {"LedgerDeletionProtection": "true"},
        lambda _: {"ledger_deletion_protection": True},
    ),
    "logs": ({"LogRetentionDays": "30"}, lambda _: {"log_retention": logs.RetentionDays.ONE_MONTH}),
    "key": ({"EncryptionKeyArn": _KEY}, lambda s: {"encryption_key": kms.Key.from_key_arn(s, "Key", _KEY)}),
    "environment": (
        {"EnvironmentEncryptionKeyArn": _KEY},
        lambda s: {"environment_encryption": kms.Key.from_key_arn(s, "Key", _KEY)},
    ),
    "boundary": (
        {"PermissionsBoundaryArn": _BOUNDARY},
        lambda s: {"permissions_boundary": iam.ManagedPolicy.from_managed_policy_arn(s, "Boundary", _BOUNDARY)},
    ),
    "network": ({"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1,sg-2"}, _network),
    "concurrency": ({"ReservedConcurrentExecutions": "9"}, lambda _: {"reserved_concurrent_executions": 9}),
    "runtime": ({"Runtime": "python3.12"}, lambda _: {"runtime": lambda_.Runtime.PYTHON_3_12}),
    "architecture": ({"Architecture": "x86_64"}, lambda _: {"architecture": lambda_.Architecture.X86_64}),
    "tracing": ({"Tracing": "true"}, lambda _: {"tracing": True}),
    "memory": ({"MemorySize": "512"}, lambda _: {"memory_size": 512}),
    "alarms": ({"AlarmTopicArn": _TOPIC}, lambda s: {"alarm_topic": sns.Topic.from_topic_arn(s, "Topic", _TOPIC)}),
    "parameter": ({"ServiceTokenParameterName": "/a/b"}, lambda _: {"service_token_parameter_name": "/a/b"}),
    "much at once": (
        {
            "TargetArns": ",".join(_TARGETS),
            "AllowAdoption": "false",
            "EncryptionKeyArn": _KEY,
            "Tracing": "true",
            "AlarmTopicArn": _TOPIC,
        },
        lambda s: {
            "target_arns": _known_at_deployment(),
            "allow_adoption": False,
            "encryption_key": kms.Key.from_key_arn(s, "Key", _KEY),
            "tracing": True,
            "alarm_topic": sns.Topic.from_topic_arn(s, "Topic", _TOPIC),
        },
    ),
}


@pytest.mark.parametrize("case", _CASES)
def test_deploys_what_the_construct_deploys(case: str, template: Mapping[str, Any], tmp_path: Path) -> None:
    values, arguments = _CASES[case]
    values = {"ServiceTokenParameterName": "", "CodeBucket": "bucket", **values}

    deployed = _comparable(Deployment(template, values).resources)

    expected = _comparable(synthesize(tmp_path / "cdk.out", arguments).resources)
    assert deployed == expected


def test_every_parameter_is_in_a_case() -> None:
    assert {name for values, _ in _CASES.values() for name in values} == {each.name for each in PARAMETERS}


def test_every_option_of_the_construct_has_a_parameter_or_is_said_to_have_none() -> None:
    options = set(inspect.signature(PhoneNumberProvider.__init__).parameters) - {"self", "scope", "id"}
    offered = {option for each in PARAMETERS for option in each.options}
    page = (ROOT / "docs" / "without-python.md").read_text()

    assert offered | set(NOT_OFFERED) == options
    assert offered.isdisjoint(NOT_OFFERED)
    assert [name for name in NOT_OFFERED if f"`{name}`" not in page] == []


def test_the_page_has_every_parameter() -> None:
    page = (ROOT / "docs" / "without-python.md").read_text()

    for each in PARAMETERS:
        default = "" if each.default == "" else f"`{each.default}`"
        assert f"| `{each.name}` | {default} | {each.description} |" in page


def test_what_is_not_offered_is_retained(template: Mapping[str, Any]) -> None:
    policies = {
        resource["Type"]: resource["DeletionPolicy"]
        for resource in template["Resources"].values()
        if resource["Type"] in ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup")
    }

    assert policies == {"AWS::DynamoDB::Table": "Retain", "AWS::Logs::LogGroup": "Retain"}
    options = inspect.signature(PhoneNumberProvider.__init__).parameters
    assert {options[name].default for name in NOT_OFFERED} == {RemovalPolicy.RETAIN}


def test_defaults_are_those_of_the_construct(template: Mapping[str, Any], tmp_path: Path) -> None:
    deployed = Deployment(template, {"CodeBucket": "bucket"}).resources

    expected = synthesize(
        tmp_path / "cdk.out", lambda _: {"service_token_parameter_name": "/connect-phone-number/service-token"}
    )
    assert _comparable(deployed) == _comparable(expected.resources)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("BudgetBaseline", '{"2026-11-01": 12, "2026-11-02": 0}', '{"2026-11-01": 12,}'),
        ("BudgetBaseline", "{}", '{"yesterday": 12}'),
        ("BudgetQuota", "10", "0"),
        ("BudgetReserve", "0", "07"),
        ("ReservedConcurrentExecutions", "7", "6"),
        ("EncryptionKeyArn", _KEY, "alias/key"),
        ("StackNamePrefix", "team-a", "team*"),
    ],
)
def test_patterns(name: str, good: str, bad: str, template: Mapping[str, Any]) -> None:
    pattern = template["Parameters"][name]["AllowedPattern"]

    assert re.fullmatch(pattern, good)
    assert not re.fullmatch(pattern, bad)


def test_a_resource_depends_on_those_that_a_condition_adds(template: Mapping[str, Any]) -> None:
    (guard,) = [
        name for name, each in template["Resources"].items() if each["Type"] == "Custom::ConnectPhoneNumberProvider"
    ]
    deployed = Deployment(template, {"CodeBucket": "bucket", "AlarmTopicArn": _TOPIC}).resources
    needed = {*deployed[guard]["DependsOn"], *(each["Ref"] for each in deployed[guard]["Metadata"]["DependsOn"])}

    assert needed == set(deployed) - {guard}


def test_cfn_lint_finds_nothing(built: Path) -> None:
    # W3005: the CDK says a dependency also where a reference implies it.
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--ignore-checks", "W3005", "--", built / "provider.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_template_needs_no_bucket_of_its_own_and_no_bootstrapped_account(built: Path) -> None:
    text = (built / "provider.yaml").read_text()

    assert len(text.encode()) <= _MAX_TEMPLATE_BODY
    assert "bootstrap" not in text.lower()
    assert "aws:cdk" not in text


def test_the_zip_has_the_functions_code_and_nothing_else(built: Path) -> None:
    sources = ROOT / "lambda_handlers"
    # Only the command and the hook make plans.
    needed = [path for path in sources.rglob("*.py") if path.parent.name != "planning"]
    expected = {path.relative_to(sources).as_posix(): path.read_bytes() for path in needed}

    with zipfile.ZipFile(_zip(built)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == expected
        assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644}


def test_the_template_names_its_own_zip(built: Path, template: Mapping[str, Any]) -> None:
    (function,) = [each for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]

    assert function["Properties"]["Code"] == {
        "S3Bucket": {"Ref": "CodeBucket"},
        "S3Key": {"Fn::Sub": f"${{CodePrefix}}{_zip(built).name}"},
    }


def test_the_files_are_the_same_byte_for_byte_in_another_process(built: Path, tmp_path: Path) -> None:
    # Another process has other hashes of texts, and so another order of sets.
    subprocess.run(
        [sys.executable, "-m", "provider_template", "--output", tmp_path / "again"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        check=True,
    )

    again = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert again == {path.name: path.read_bytes() for path in built.iterdir()}


def test_the_zip_does_not_depend_on_the_checkout(tmp_path: Path) -> None:
    content = {"b/c.py": b"1", "a.py": b"2", "b.py": b"3"}
    for folder, names, mode, seconds in (
        ("one", [*content], 0o644, 1_700_000_000),
        ("two", [*reversed(content)], 0o755, 1_800_000_000),
    ):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content[name])
            path.chmod(mode)
            os.utime(path, (seconds, seconds))
        write_zip(tmp_path / folder, tmp_path / f"{folder}.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    (tmp_path / "two" / "a.py").write_bytes(b"4")
    assert digest(tmp_path / "one") != digest(tmp_path / "two")


def test_the_serverless_application_differs_in_metadata_and_code_alone(
    built: Path, template: Mapping[str, Any]
) -> None:
    application = yaml.safe_load((built / "serverless-application.yaml").read_text())
    metadata = application.pop("Metadata")["AWS::ServerlessRepo::Application"]

    # What the repository requires, and what a public application needs besides.
    # https://docs.aws.amazon.com/serverlessrepo/latest/devguide/serverlessrepo-publishing-applications.html
    assert {"Name", "Description", "Author", "SpdxLicenseId", "LicenseUrl", "ReadmeUrl", "SemanticVersion"} <= set(
        metadata
    )
    assert f'version = "{metadata["SemanticVersion"]}"' in (ROOT / "pyproject.toml").read_text()
    assert re.fullmatch(r"[a-zA-Z0-9\-]{1,140}", metadata["Name"])
    assert (built / metadata["LicenseUrl"]).read_text() == (ROOT / "LICENSE").read_text()
    assert (built / metadata["ReadmeUrl"]).read_text() == (ROOT / "docs" / "without-python.md").read_text()
    (function,) = [each for each in application["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]
    assert (built / function["Properties"].pop("Code")).exists()
    for name in ("CodeBucket", "CodePrefix"):
        application["Parameters"][name] = template["Parameters"][name]
    (expected,) = [each for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]
    function["Properties"]["Code"] = expected["Properties"]["Code"]
    assert application == template


def _zip(built: Path) -> Path:
    (path,) = built.glob("*.zip")
    return path


def _comparable(resources: Mapping[str, Any]) -> Any:
    """Return resources in one form: without the place of the code, and with texts for what CloudFormation reads so."""
    comparable: dict[str, Any] = {}
    for name, resource in resources.items():
        copy = normalized(json.loads(json.dumps(resource)))
        # How it depends on what is conditional has a test of its own.
        copy.pop("Metadata", None)
        copy.pop("DependsOn", None)
        properties = copy["Properties"]
        properties.pop("Code", None)
        # The defaults of the two are the same.
        if copy["Type"] == "AWS::DynamoDB::Table":
            properties.setdefault("DeletionProtectionEnabled", False)
        if "Policies" in properties:
            (policy,) = properties["Policies"]
            statements = policy["PolicyDocument"]["Statement"]
            policy["PolicyDocument"]["Statement"] = sorted(map(_one_form, statements), key=lambda each: each["Sid"])
        if "Environment" in properties:
            variables = properties["Environment"]["Variables"]
            variables["BUDGET"] = asdict(Policy.parse(variables.get("BUDGET", "")))
        comparable[name] = _as_texts(copy)
    return comparable


def _one_form(statement: Mapping[str, Any]) -> dict[str, Any]:
    # A list of one, and that one, are the same to IAM. A partition and Region may be any where an id follows.
    resource = statement["Resource"]
    return {**statement, "Resource": sorted(map(_as_pattern, resource if is_list(resource) else [resource]))}


def _as_pattern(resource: Any) -> str:
    text = json.dumps(resource).replace(
        '"arn:", {"Ref": "AWS::Partition"}, ":ec2:", {"Ref": "AWS::Region"}, ":*:', '"arn:*:ec2:*:*:'
    )
    return re.sub(r'^\{"Fn::Join": \["", \[("[^"]*")\]\]\}$', r"\1", text)


def _as_texts(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if is_object(value):
        return {name: _as_texts(each) for name, each in value.items()}
    if is_list(value):
        return [_as_texts(each) for each in value]
    return value
