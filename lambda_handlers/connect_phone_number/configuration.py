"""What a provider was told when it was deployed: the environment variables of its function."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from . import contract
from .budget import Policy
from .cloudformation.stacks import SETTLING_SECONDS


@dataclass(frozen=True)
class Configuration:
    """The configuration of one provider.

    Parameters
    ----------
    ledger_table_name
        The name of the ledger's table.
    provider_id
        The provider's name in the tags of its numbers.
    target_arns
        The instances and traffic distribution groups that it serves. Empty means all.
    allow_adoption
        Whether it adopts numbers that the account holds.
    stack_name_prefix
        What the names of the stacks begin with that it serves. Empty means all.
    budget
        What it was told about the account's budget of claims and releases.
    settling_seconds
        How long after its begin an invocation for a request first asks CloudFormation. Only the local AWS sets it,
        because its CloudFormation shows everything at once.
    """

    ledger_table_name: str
    provider_id: str
    target_arns: tuple[str, ...] = ()
    allow_adoption: bool = True
    stack_name_prefix: str = ""
    budget: Policy = field(default_factory=Policy)
    settling_seconds: float = SETTLING_SECONDS

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return the configuration that environment variables describe.

        Raises
        ------
        KeyError
            They are not those of a provider.
        """
        return cls(
            ledger_table_name=environment[contract.LEDGER_TABLE_NAME],
            provider_id=environment[contract.PROVIDER_ID],
            target_arns=tuple(environment.get(contract.TARGET_ARNS, "").split()),
            allow_adoption=environment.get(contract.ALLOW_ADOPTION) != "false",
            stack_name_prefix=environment.get(contract.STACK_NAME_PREFIX, ""),
            budget=Policy.parse(environment.get(contract.BUDGET, "")),
            settling_seconds=float(environment.get(contract.SETTLING_SECONDS, SETTLING_SECONDS)),
        )
