"""The places that are read: Regions, accounts, and what is said if there is none."""

from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError, PartialCredentialsError, ProfileNotFound

from cdk_connect_phone_number.cli.places import Place, Selection, Surroundings, open_places
from cdk_connect_phone_number.cli.problems import Problem
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, REGION, World

from .aws import Aws


def places(aws: Aws, **selection: Any) -> list[str]:
    return [str(place) for place in open_places(Selection(**selection), aws.surroundings())]


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/Operator"


def test_the_callers_account_and_the_regions_that_are_named(aws: Aws) -> None:
    assert places(aws, regions=("eu-west-1", "us-east-1")) == [f"{ACCOUNT} eu-west-1", f"{ACCOUNT} us-east-1"]


def test_the_region_of_the_profile(aws: Aws) -> None:
    aws.profiles["billing"] = ("1" * 12, "us-west-2")
    assert places(aws, profile="billing") == [f"{'1' * 12} us-west-2"]


def test_the_accounts_of_roles_instead_of_the_callers(aws: Aws) -> None:
    roles = (role("1" * 12), role("2" * 12))
    assert places(aws, regions=("us-east-1",), role_arns=roles) == [f"{'1' * 12} us-east-1", f"{'2' * 12} us-east-1"]


def test_an_account_is_read_once_though_two_roles_lead_to_it(aws: Aws) -> None:
    roles = (role("1" * 12), role("1" * 12))
    assert places(aws, regions=("us-east-1",), role_arns=roles) == [f"{'1' * 12} us-east-1"]


def test_all_places_are_in_one_result(world: World, aws: Aws) -> None:
    world.created()
    document = aws.document("list", "--region", REGION, "--region", "us-east-1", "--role-arn", role(ACCOUNT))
    assert [number["account"] for number in document["numbers"]] == [ACCOUNT]
    assert aws.actions().count("lambda:ListFunctions") == 2
    assert "us-east-1" in {call.region for call in aws.calls if call.service == "connect"}


def test_a_table_of_several_places_says_where_a_number_is(world: World, aws: Aws) -> None:
    world.created()
    assert REGION not in aws.run("list").stdout
    assert REGION in aws.run("list", "--region", REGION, "--region", "us-east-1").stdout


def test_each_place_has_its_own_pace(aws: Aws) -> None:
    first, second = open_places(Selection(regions=("eu-west-1", "us-east-1")), aws.surroundings())
    assert first.pacer is not second.pacer


def test_without_a_region(aws: Aws) -> None:
    with pytest.raises(Problem, match="There is no Region"):
        places(aws)


def test_role_that_cannot_be_assumed(aws: Aws) -> None:
    aws.denied.add("sts:AssumeRole")
    with pytest.raises(Problem, match=r"role/Operator cannot be assumed: sts:AssumeRole is denied"):
        places(aws, regions=("us-east-1",), role_arns=(role("1" * 12),))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (NoCredentialsError(), "There are no AWS credentials. Sign in"),
        (PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"), "There are no AWS credentials."),
        (ProfileNotFound(profile="nobody"), "(nobody) could not be found. Name another profile"),
    ],
)
def test_without_credentials(error: Exception, message: str) -> None:
    def session(_: str | None) -> Any:
        raise error

    with pytest.raises(Problem) as caught:
        open_places(Selection(), Surroundings(session=session))
    assert message in str(caught.value)


def test_a_problem_is_one_line_and_exit_code_1(aws: Aws) -> None:
    aws.denied.add("sts:GetCallerIdentity")
    result = aws.run("list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: sts:GetCallerIdentity is denied")
    assert "Traceback" not in result.stderr


def test_connect_is_asked_without_boto3s_own_retries(aws: Aws) -> None:
    place: Place = aws.place()
    assert place.client("connect").meta.config.retries["total_max_attempts"] == 1
    assert place.client("dynamodb").meta.config.retries["total_max_attempts"] > 1
    assert "connect-phone-numbers" in place.client("connect").meta.config.user_agent_extra
