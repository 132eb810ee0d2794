"""The context of every step of the lifecycle, and the two exceptions that end a step early."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .. import contract, rules
from ..budget import Policy
from ..claim import Claim
from ..cloudformation.stacks import RetryingStacks
from ..connect.gateway import Connect
from ..connect.quotas import Quotas
from ..hints.stock import Stock
from ..ledger.ledger import Ledger
from ..logs import Log
from ..timing import Timing


class Failed(Exception):
    """The request cannot be fulfilled. The message is for the person who deploys."""


class Superseded(Exception):
    """The claim was canceled, or a later request has taken it over."""


@dataclass(frozen=True)
class Scope:
    """The scope in which this function works."""

    region: str
    account: str
    provider_id: str
    target_arns: tuple[str, ...] = ()
    """The instances and traffic distribution groups that the provider serves. Empty means all."""
    allow_adoption: bool = True
    """Whether the provider adopts numbers that the account holds."""
    stack_name_prefix: str = ""
    """What the names of the stacks begin with that the provider serves. Empty means all."""

    def problem_of_stack(self, stack_id: str) -> str:
        """Return why a stack gets no number or pool here, or an empty text.

        The role may not ask CloudFormation about the stack, so nobody could tell what becomes of its numbers.
        """
        _, _, rest = stack_id.partition("/")
        name = rest.partition("/")[0]
        if name.startswith(self.stack_name_prefix):
            return ""
        return (
            f"The provider serves only stacks whose names begin with {self.stack_name_prefix!r}, which {name!r} does "
            "not. Rename the stack, use another provider, or change the provider's stack_name_prefix."
        )


def ownership_tags(claim: Claim, provider_id: str) -> dict[str, str]:
    """Return the tags that say who owns a claim's number."""
    return {
        contract.PROVIDER_TAG: provider_id,
        contract.CLAIM_TAG: claim.id,
        contract.STACK_TAG: claim.stack_id,
        contract.RESOURCE_TAG: claim.logical_resource_id,
    }


@dataclass(frozen=True)
class Invocation:
    """One invocation of the Lambda function, to handle one event.

    Parameters
    ----------
    worker
        A name for this invocation that no other invocation has.
    budget
        What the provider was told about the account's budget of claims and releases.
    quotas
        Service Quotas, or ``None`` if it is not asked.
    """

    connect: Connect
    ledger: Ledger
    stacks: RetryingStacks
    timing: Timing
    scope: Scope
    log: Log
    worker: str
    stock: Stock
    budget: Policy = field(default_factory=Policy)
    quotas: Quotas | None = None

    def reread(self, claim: Claim) -> Claim:
        """Return the claim as it is now."""
        return self.ledger.claim(claim.own_key)

    def ownership_tags(self, claim: Claim) -> dict[str, str]:
        """Return the tags that say who owns the claim's number."""
        return ownership_tags(claim, self.scope.provider_id)

    def tag(self, arn: str, tags: Mapping[str, str], is_needed: Callable[[], bool] = lambda: True) -> None:
        """Put tags on a number. The provider's own tag is always included, because the role may not tag without it."""
        self.connect.tag(arn, {**tags, contract.PROVIDER_TAG: self.scope.provider_id}, is_needed)

    def is_in_scope(self, arn: str) -> bool:
        """Return whether a number belongs to this account and Region.

        Only then does "not found" mean that the number is gone. Elsewhere Connect does not know a number by its id.
        """
        parsed = rules.parse_phone_number_arn(arn)
        return parsed is not None and parsed.region == self.scope.region and parsed.account == self.scope.account
