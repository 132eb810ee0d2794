"""``adopt``: the code that it writes synthesizes, leaves each number as it is, and takes nobody's number away."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner, Result

from cdk_connect_phone_number.cli.adoption import POLL_SECONDS
from cdk_connect_phone_number.cli.adoption_code import WHY_RETAINED
from cdk_connect_phone_number.cli.application import application
from cdk_connect_phone_number.cli.template_text import parse_template
from docs.tools.pages import ROOT
from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from tests.unit.lambda_handlers.connect_phone_number.world import (
    OTHER_STACK,
    PROVIDER,
    REGION,
    STACK,
    World,
    user_tags,
)
from typescript.build import BUILD, compiled
from verification.simulator.memory_store import MemoryStore

from ..aws import FUNCTION
from ..installation import InstalledAws, hold

NODE: Final = Path(sys.executable).parent / "node"
NUMBER: Final = "+12065550150"
OTHER: Final = "+12065550151"
DESCRIPTION: Final = 'The "old" line: 50 % {x} \\ ümlaut'
DEFAULTS: Final = ("AllowReplacement", "ReleaseProtection", "ServiceTimeout")
"""What the constructs write, and what a template leaves out."""
TEAM: Final = {"team": "support"}
FLOW_ID: Final = "99999999-8888-7777-6666-555555555555"


@pytest.fixture
def aws(world: World) -> InstalledAws:
    return InstalledAws(world)


def by_hand(world: World, number: str = NUMBER, *, flow: bool = False, tags: Mapping[str, str] | None = None) -> str:
    arn = world.claimed_by_hand(number, tags)
    world.client.update_phone_number_metadata(PhoneNumberId=arn, PhoneNumberDescription=DESCRIPTION)
    if flow:
        instance_id = world.instance.rpartition("/")[2]
        world.client.associate_phone_number_contact_flow(
            PhoneNumberId=arn, InstanceId=instance_id, ContactFlowId=FLOW_ID
        )
    return arn


def resources(result: Result) -> dict[str, dict[str, Any]]:
    """Return the resources of the template that the command has written."""
    assert result.exit_code in (0, 2), result.output
    template: Any = parse_template(result.stdout)
    found: dict[str, dict[str, Any]] = template["Resources"]
    return found


def adopt(aws: InstalledAws, *arguments: str) -> Result:
    return aws.run("adopt", *arguments, "--format", "template")


def told(aws: InstalledAws, **variables: str) -> None:
    (function,) = [each for each in aws.functions if each["FunctionArn"] == FUNCTION]
    function["Environment"]["Variables"].update(variables)


def test_template_has_the_settings_that_the_number_has(aws: InstalledAws, world: World) -> None:
    by_hand(world, flow=True, tags=TEAM)
    result = adopt(aws, "--number", NUMBER)

    assert resources(result) == {
        "Number12065550150": {
            "Type": contract.RESOURCE_TYPE,
            "DeletionPolicy": "RetainExceptOnCreate",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "ServiceToken": FUNCTION,
                "TargetArn": world.instance,
                "PhoneNumber": NUMBER,
                "Adopt": "true",
                "ContactFlowArn": f"{world.instance}/contact-flow/{FLOW_ID}",
                "Description": DESCRIPTION,
                "Tags": [{"Key": "team", "Value": "support"}],
            },
        }
    }
    assert result.exit_code == 0
    assert " ".join(WHY_RETAINED.split()[:8]) in result.stdout


def test_adoption_changes_nothing_of_the_number(aws: InstalledAws, world: World) -> None:
    """What the template has is sent to the function itself."""
    arn = by_hand(world, flow=True, tags=TEAM)
    before = world.number(arn)
    was = (before.target_arn, before.description, dict(before.contact_flows), user_tags(before))
    (resource,) = resources(adopt(aws, "--number", NUMBER)).values()
    properties: dict[str, Any] = {"CountryCode": None, "Type": None, **resource["Properties"]}
    adopted = world.create(**properties)

    assert adopted.succeeded, adopted.reason
    after = world.number(arn)
    assert (after.target_arn, after.description, dict(after.contact_flows), user_tags(after)) == was
    # The description may be set again, as Connect may show an earlier one, but to nothing else.
    assert {call.parameters["PhoneNumberDescription"] for call in world.calls("UpdatePhoneNumberMetadata")} == {was[1]}
    assert adopt(aws, "--all").stdout == ""


@pytest.mark.xdist_group("typescript")
@pytest.mark.parametrize("language", ["python", "typescript"])
def test_app_synthesizes_to_the_same_resources(aws: InstalledAws, world: World, tmp_path: Path, language: str) -> None:
    by_hand(world, flow=True, tags={"team": "support", "cost center": "4711"})
    by_hand(world, OTHER)
    batches = ("adopt", "--all", "--batch-size", "1")
    assert aws.run(*batches, "--format", language, "--out", str(tmp_path)).exit_code == 0
    assert aws.run(*batches, "--format", "template", "--out", str(tmp_path / "templates")).exit_code == 0

    if language == "python":
        command = [sys.executable, str(tmp_path / "adopted_numbers.py")]
    else:
        command = [str(NODE), str(compiled_typescript(tmp_path / "adopted-numbers.ts"))]
    out = tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(out)}
    subprocess.run(command, env=environment, check=True)

    names = sorted(path.name.partition(".")[0] for path in out.glob("*.template.json"))
    assert names == ["AdoptedNumbers12065550150", "AdoptedNumbers12065550151"]
    for name in names:
        synthesized = yaml.safe_load((out / f"{name}.template.json").read_text())["Resources"]
        written = yaml.safe_load((tmp_path / "templates" / f"{name}.yaml").read_text())["Resources"]
        assert comparable(synthesized) == comparable(written)


def compiled_typescript(source: Path) -> Path:
    """Compile an app inside of the package's folder, where it finds the package and the CDK."""
    folder = compiled() / "adopted"
    folder.mkdir(exist_ok=True)
    app = folder / "adopted-numbers.ts"
    app.write_text(source.read_text())
    options = [
        "--rootDir",
        str(folder),
        "--strict",
        "--skipLibCheck",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--outDir",
        str(folder),
    ]
    compiler = BUILD / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [str(NODE), str(compiler), "--noUnusedLocals", *options, str(app)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return app.with_suffix(".js")


def comparable(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return numbers by E.164, with what a stack says of them."""
    numbers = [number for number in found.values() if number["Type"] == contract.RESOURCE_TYPE]
    return {
        number["Properties"]["PhoneNumber"]: {
            **{name: value for name, value in number["Properties"].items() if name not in DEFAULTS},
            "Adopt": str(number["Properties"]["Adopt"]).lower(),
            "policies": (number["DeletionPolicy"], number["UpdateReplacePolicy"]),
            "Tags": sorted((tag["Key"], tag["Value"]) for tag in number["Properties"].get("Tags", [])),
        }
        for number in numbers
    }


def test_python_is_formatted(aws: InstalledAws, world: World) -> None:
    world.claimed_by_hand(NUMBER, {"team": "support"})
    by_hand(world, OTHER, flow=True)
    text = aws.run("adopt", "--all").stdout.replace('\\"', "")
    ruff = Path(sys.executable).parent / "ruff"
    done = subprocess.run(
        [ruff, "format", "--no-cache", "--config", str(ROOT / "pyproject.toml"), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == text


def test_sorted_by_target_and_flow_in_batches(aws: InstalledAws, world: World, tmp_path: Path) -> None:
    second = world.emulator.add_instance(REGION)
    by_hand(world, "+12065550151")
    by_hand(world, "+12065550152", flow=True)
    by_hand(world, "+12065550153")
    arn = by_hand(world, "+12065550150")
    world.client.update_phone_number(PhoneNumberId=arn, TargetArn=second)
    world.clock.pause(200.0)
    assert adopt(aws, "--all", "--batch-size", "2", "--out", str(tmp_path)).exit_code == 0

    first, *_ = targets = sorted([world.instance, second])
    on_first = ["+12065550151", "+12065550153", "+12065550152"]
    expected = [*on_first, "+12065550150"] if first == world.instance else ["+12065550150", *on_first]
    files = {f"AdoptedNumbers{expected[start].removeprefix('+')}.yaml": expected[start : start + 2] for start in (0, 2)}
    assert len(targets) == 2
    assert {
        path.name: [
            each["Properties"]["PhoneNumber"] for each in yaml.safe_load(path.read_text())["Resources"].values()
        ]
        for path in tmp_path.iterdir()
    } == files


def test_several_templates_need_a_folder(aws: InstalledAws, world: World) -> None:
    by_hand(world)
    by_hand(world, OTHER)
    result = adopt(aws, "--all", "--batch-size", "1")
    assert (result.exit_code, "Name a folder for them with --out" in result.stderr) == (1, True)


def test_no_file_is_overwritten(aws: InstalledAws, world: World, tmp_path: Path) -> None:
    by_hand(world)
    (tmp_path / "adopted_numbers.py").write_text("mine")
    result = aws.run("adopt", "--all", "--out", str(tmp_path))
    assert (result.exit_code, "exists already" in result.stderr) == (1, True)
    assert (tmp_path / "adopted_numbers.py").read_text() == "mine"


def test_selection(aws: InstalledAws, world: World) -> None:
    by_hand(world)
    by_hand(world, "+442079460000")
    assert list(resources(adopt(aws, "--country", "gb"))) == ["Number442079460000"]
    assert len(resources(adopt(aws, "--target", world.instance.rpartition("/")[2]))) == 2
    assert adopt(aws, "--target", "no-such").stdout == ""
    assert list(resources(adopt(aws, "--number", NUMBER, "--number", NUMBER))) == ["Number12065550150"]


def test_numbers_file(aws: InstalledAws, world: World, tmp_path: Path) -> None:
    by_hand(world)
    file = tmp_path / "numbers.txt"
    file.write_text(f"# ported in May\n\n{NUMBER}  # support\n")
    assert list(resources(adopt(aws, "--numbers-file", str(file)))) == ["Number12065550150"]

    file.write_text("# none\n")
    assert "has no numbers" in adopt(aws, "--numbers-file", str(file)).stderr
    file.write_text("2065550150\n")
    assert "must be a number in E.164 form" in adopt(aws, "--numbers-file", str(file)).stderr
    assert "cannot be read" in adopt(aws, "--numbers-file", str(tmp_path / "none")).stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("--number", NUMBER, "--all"), ("--all", "--wait", "5"), ("--all", "--stack-name", "1st")],
)
def test_options_that_cannot_be_right(aws: InstalledAws, arguments: tuple[str, ...]) -> None:
    result = adopt(aws, *arguments)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert result.stderr.startswith("Error: ")


def test_ported_number_is_waited_for(aws: InstalledAws, world: World) -> None:
    began = world.clock.now
    claimed: list[str] = []

    def sleep(seconds: float) -> None:
        world.clock.pause(seconds)
        if world.clock.now > began + 300 and not claimed:
            claimed.append(by_hand(world))

    given = aws.surroundings()
    object.__setattr__(given, "sleep", sleep)
    command = ["adopt", "--number", NUMBER, "--wait", "60", "--region", REGION, "--format", "template"]
    result = CliRunner().invoke(application, command, obj=given)

    assert list(resources(result)) == ["Number12065550150"]
    polls = len([action for action in aws.actions() if action == "connect:ListPhoneNumbersV2"])
    assert polls <= 300 / POLL_SECONDS + 4


def test_without_a_number_for_which_there_is_code(aws: InstalledAws, world: World) -> None:
    nothing = adopt(aws, "--all")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "There is no number to adopt.\n")

    world.created()
    refused = adopt(aws, "--number", NUMBER)
    assert (refused.exit_code, refused.stdout) == (2, "")
    first, *reasons = refused.stderr.splitlines()
    assert first == "No number is adopted:"
    assert f"{NUMBER} is not adopted: " in reasons[0]


def test_number_that_does_not_come(aws: InstalledAws, world: World) -> None:
    by_hand(world, OTHER)
    began = world.clock.now
    result = adopt(aws, "--number", NUMBER, "--number", OTHER, "--wait", "2")

    assert list(resources(result)) == ["Number12065550151"]
    assert result.exit_code == 2
    assert f"{NUMBER} is not adopted: the account does not hold it here." in result.stderr
    assert 120 <= world.clock.now - began < 130


def refusal(aws: InstalledAws, number: str = NUMBER, *arguments: str) -> str:
    result = adopt(aws, "--number", number, *arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    return result.stderr


def test_numbers_of_stacks_are_refused(aws: InstalledAws, world: World) -> None:
    number = world.number(world.created()).phone_number
    assert "support/Number has it. Remove it there with DeletionPolicy Retain" in refusal(aws, number)
    assert adopt(aws, "--all").stdout == ""

    by_hand(world)
    hold(aws, OTHER_STACK, "Native", next(n.arn for n in world.emulator.numbers() if n.phone_number == NUMBER))
    assert "CloudFormation has it as sales/Native" in refusal(aws)
    aws.denied.add("cloudformation:DescribeStackResources")
    assert "Allow cloudformation:DescribeStackResources" in refusal(aws)


def test_number_of_another_provider_is_refused(aws: InstalledAws, world: World) -> None:
    by_hand(world, tags={contract.PROVIDER_TAG: "second"})
    assert "it belongs to another provider of phone numbers (second)" in refusal(aws)

    aws.add_provider("second", "second", "second", MemoryStore(world.clock))
    assert "(second)" in refusal(aws, NUMBER, "--provider", "provider")
    (resource,) = resources(adopt(aws, "--number", NUMBER)).values()
    assert resource["Properties"]["ServiceToken"] == FUNCTION.replace("provider", "second")


def test_several_providers(aws: InstalledAws, world: World) -> None:
    by_hand(world)
    aws.add_provider("second", "second", "second", MemoryStore(world.clock))
    assert "Name the one that is to adopt it with --provider" in refusal(aws)
    (resource,) = resources(adopt(aws, "--number", NUMBER, "--provider", "second")).values()
    assert resource["Properties"]["ServiceToken"].endswith(":second")


def test_no_provider(aws: InstalledAws, world: World) -> None:
    by_hand(world)
    aws.functions.clear()
    result = adopt(aws, "--all")
    assert (result.exit_code, "Deploy one first" in result.stderr) == (1, True)


def test_what_the_provider_would_refuse(aws: InstalledAws, world: World) -> None:
    by_hand(world)
    told(aws, ALLOW_ADOPTION="false")
    assert "allow_adoption=False" in refusal(aws)
    told(aws, ALLOW_ADOPTION="true", TARGET_ARNS=world.instance[:-1] + "0")
    assert "does not serve" in refusal(aws)
    told(aws, TARGET_ARNS="", STACK_NAME_PREFIX="team-")
    result = adopt(aws, "--all")
    assert (result.exit_code, "--stack-name team-AdoptedNumbers" in result.stderr) == (1, True)
    assert adopt(aws, "--all", "--stack-name", "team-").exit_code == 0


def test_number_that_is_not_claimed_yet(aws: InstalledAws, world: World) -> None:
    world.client.claim_phone_number(TargetArn=world.instance, PhoneNumber=NUMBER)
    assert "Amazon Connect says IN_PROGRESS of it" in refusal(aws)


def test_retained_number(aws: InstalledAws, world: World) -> None:
    arn = world.created(Description="Support", Tags=[{"Key": "team", "Value": "support"}])
    world.clock.pause(400.0)
    world.sweep()
    del world.stacks.resources[ResourceKey(STACK, "Number")]
    world.stacks.hold(ResourceKey(STACK, "Other"), "other")
    (resource,) = resources(adopt(aws, "--all")).values()

    assert resource["Properties"]["PhoneNumber"] == world.number(arn).phone_number
    assert resource["Properties"]["Tags"] == [{"Key": "team", "Value": "support"}]
    properties: dict[str, Any] = {"CountryCode": None, "Type": None, **resource["Properties"]}
    adopted = world.create(resource="Again", **properties)
    assert adopted.succeeded, adopted.reason


def test_orphan_is_adopted_by_its_provider(aws: InstalledAws, world: World) -> None:
    by_hand(world, tags={contract.PROVIDER_TAG: PROVIDER, contract.CLAIM_TAG: "lost", "team": "sales"})
    (resource,) = resources(adopt(aws, "--all")).values()
    assert resource["Properties"]["Tags"] == [{"Key": "team", "Value": "sales"}]


def test_it_calls_nothing_that_changes_anything(aws: InstalledAws, world: World) -> None:
    by_hand(world)
    before = len(world.emulator.audit)
    ledger = world.store.dump()
    adopt(aws, "--all")
    assert not any(entry.took_effect for entry in world.emulator.audit[before:])
    assert world.store.dump() == ledger
