import aws_cdk as cdk
import pytest

from cdk_connect_phone_number.plan_concerns import DEFAULT_CONCERNS, check_concerns, concerns_named
from lambda_handlers.connect_phone_number.planning.plan import Concern


def test_the_default() -> None:
    assert concerns_named(DEFAULT_CONCERNS) == (Concern.RELEASE, Concern.REPLACE, Concern.BUDGET, Concern.REFUSE)


def test_a_concern_counts_once() -> None:
    assert concerns_named(["release", "unknown", "release"]) == (Concern.RELEASE, Concern.UNKNOWN)


@pytest.mark.parametrize("names", [[], "release"])
def test_what_is_no_list_is_refused(names: str | list[str]) -> None:
    with pytest.raises(ValueError, match=r"^fail_on must be a list of release, replace, .*, unknown, but is "):
        concerns_named(names)


def test_another_concern_is_refused_with_the_path() -> None:
    with pytest.raises(ValueError, match=r"^Stack: fail_on has 'releases', which is not one of release, replace"):
        check_concerns(cdk.Stack(cdk.App(), "Stack"), ["releases"])
