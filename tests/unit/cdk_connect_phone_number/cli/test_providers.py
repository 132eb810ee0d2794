"""The providers of a place: which functions are providers, and which cannot be told."""

from cdk_connect_phone_number.cli.problems import Finding
from cdk_connect_phone_number.cli.providers import discover
from lambda_handlers.connect_phone_number.budget import Policy
from tests.unit.lambda_handlers.connect_phone_number.world import PROVIDER
from verification.simulator.memory_store import MemoryStore

from .aws import Aws


def found(aws: Aws, *names: str) -> tuple[list[str], bool, list[Finding]]:
    findings: list[Finding] = []
    providers = discover(aws.place(), names, findings)
    return [one.name for one in providers.selected], providers.is_complete, findings


def test_functions_with_a_ledger_are_providers_on_every_page(aws: Aws) -> None:
    for index in range(4):
        aws.add_provider(f"provider-{index}", f"id-{index}", f"table-{index}", None)
    names = ["provider", *(f"provider-{index}" for index in range(4))]
    assert found(aws) == (names, True, [])


def test_what_a_provider_was_told(aws: Aws) -> None:
    aws.add_provider("told", "told", "told-ledger", None, BUDGET='{"quota": 20}', TARGET_ARNS="a b")
    _, told = discover(aws.place(), (), []).selected
    assert told.configuration.budget == Policy(quota=20)
    assert (told.configuration.ledger_table_name, told.configuration.target_arns) == ("told-ledger", ("a", "b"))


def test_one_that_is_named_leaves_the_others_known(aws: Aws) -> None:
    aws.add_provider("second", "second-id", "second-ledger", None)
    providers = discover(aws.place(), ["second-id"], [])
    assert ([one.name for one in providers.selected], providers.others) == (["second"], frozenset({PROVIDER}))


def test_environment_that_cannot_be_decrypted_is_reported(aws: Aws) -> None:
    error = {"ErrorCode": "AccessDeniedException", "Message": "kms:Decrypt is not allowed."}
    aws.functions[1]["Environment"] = {"Error": error}
    names, is_complete, (finding,) = found(aws)
    assert (names, is_complete) == ([], False)
    assert "kms:Decrypt is not allowed; allow kms:Decrypt with its key to the caller" in finding.text


def test_environment_of_another_function_does_not_matter(aws: Aws) -> None:
    aws.functions[0]["Environment"] = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}
    assert found(aws) == (["provider"], True, [])


def test_budget_that_is_no_json_is_reported(aws: Aws) -> None:
    aws.add_provider("spoiled", "spoiled", "spoiled-ledger", MemoryStore(aws.world.clock), BUDGET="{")
    names, is_complete, (finding,) = found(aws)
    assert (names, is_complete) == (["provider"], False)
    assert "spoiled has environment variables that cannot be read" in finding.text


def test_provider_that_is_nowhere_is_refused(aws: Aws) -> None:
    for command in ("list", "budget", "drift"):
        result = aws.run(command, "--provider", "nobody")
        assert result.exit_code == 1
        assert "There is no provider nobody in" in result.stderr


def test_provider_that_cannot_be_looked_for_is_not_refused(aws: Aws) -> None:
    aws.denied.add("lambda:ListFunctions")
    result = aws.run("list", "--provider", "nobody")
    assert result.exit_code == 3
    assert "Allow lambda:ListFunctions to the caller" in result.stderr
