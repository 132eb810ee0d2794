"""What a provider was told: each of its environment variables."""

import json
from typing import Any, Final

import pytest

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import Policy
from lambda_handlers.connect_phone_number.configuration import Configuration

REQUIRED: Final = {contract.LEDGER_TABLE_NAME: "ledger", contract.PROVIDER_ID: "shared"}
TARGETS: Final = tuple(f"arn:aws:connect:eu-west-1:123456789012:instance/{name}" for name in "ab")


def test_without_more_a_provider_serves_everything() -> None:
    assert Configuration.of(REQUIRED) == Configuration("ledger", "shared", (), True, "", Policy())


VARIABLES: Final[dict[str, tuple[str, str, str, object]]] = {
    "the ledger": (contract.LEDGER_TABLE_NAME, "another", "ledger_table_name", "another"),
    "the provider": (contract.PROVIDER_ID, "another", "provider_id", "another"),
    "targets": (contract.TARGET_ARNS, " ".join(TARGETS), "target_arns", TARGETS),
    "no targets": (contract.TARGET_ARNS, "", "target_arns", ()),
    "no adoption": (contract.ALLOW_ADOPTION, "false", "allow_adoption", False),
    "adoption": (contract.ALLOW_ADOPTION, "true", "allow_adoption", True),
    "names of stacks": (contract.STACK_NAME_PREFIX, "support-", "stack_name_prefix", "support-"),
    "no wait": (contract.SETTLING_SECONDS, "0", "settling_seconds", 0.0),
    "no budget": (contract.BUDGET, "", "budget", Policy()),
    "a budget": (contract.BUDGET, json.dumps({"quota": 25}), "budget", Policy(quota=25)),
}


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable(name: str) -> None:
    variable, text, attribute, value = VARIABLES[name]

    changed = Configuration.of({**REQUIRED, variable: text})

    expected: dict[str, Any] = {"ledger_table_name": "ledger", "provider_id": "shared", attribute: value}
    assert changed == Configuration(**expected)


@pytest.mark.parametrize("missing", REQUIRED)
def test_what_has_not_both_names_is_no_provider(missing: str) -> None:
    environment = {name: value for name, value in REQUIRED.items() if name != missing}

    with pytest.raises(KeyError, match=missing):
        Configuration.of(environment)
