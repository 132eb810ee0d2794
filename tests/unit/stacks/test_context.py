from typing import Any

import aws_cdk as cdk
import pytest

from stacks.context import ContextError, account_quota, support_numbers_settings
from stacks.support_numbers_stack import SupportNumbersSettings

CONTEXT = {"target_arn": "arn", "country_code": "US", "type": "DID", "description": "Support line"}


def settings(**changes: Any) -> SupportNumbersSettings:
    context = {key: value for key, value in {**CONTEXT, **changes}.items() if value is not None}
    return support_numbers_settings(cdk.App(context=context).node)


def test_reads_all_settings() -> None:
    assert settings(prefix="+1206") == SupportNumbersSettings(**CONTEXT, prefix="+1206")


@pytest.mark.parametrize("prefix", [None, ""])
def test_the_prefix_can_be_left_out(prefix: str | None) -> None:
    assert settings(prefix=prefix).prefix is None


@pytest.mark.parametrize("key", CONTEXT)
@pytest.mark.parametrize("value", [None, ""])
def test_says_which_setting_is_missing_and_how_to_give_it(key: str, value: str | None) -> None:
    with pytest.raises(ContextError) as missing:
        settings(**{key: value})

    assert str(missing.value) == (
        f"The context value '{key}' is missing. Set it under 'context' in cdk.json, or pass it: cdk deploy -c {key}=…"
    )


def test_says_which_setting_is_no_text() -> None:
    with pytest.raises(ContextError) as wrong:
        settings(prefix=1206)

    assert str(wrong.value) == (
        "The context value 'prefix' must be a string, but is 1206. Put it in quotes in cdk.json."
    )


@pytest.mark.parametrize(("value", "quota"), [(None, None), ("", None), ("12", 12)])
def test_reads_the_quota(value: str | None, quota: int | None) -> None:
    assert account_quota(cdk.App(context={} if value is None else {"quota": value}).node) == quota


@pytest.mark.parametrize("value", ["ten", "-1", "1.5", "²"])
def test_says_that_the_quota_is_no_number(value: str) -> None:
    with pytest.raises(ContextError) as wrong:
        account_quota(cdk.App(context={"quota": value}).node)

    assert str(wrong.value) == (
        f"The context value 'quota' must be a whole number, but is {value!r}. Use for example '10'."
    )
