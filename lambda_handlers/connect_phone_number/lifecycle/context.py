"""What every step of the lifecycle has at hand, and the two ways in which a step ends early."""

from collections.abc import Mapping
from dataclasses import dataclass

from .. import contract, rules
from ..claim import Claim
from ..cloudformation.stacks import PatientStacks
from ..connect.gateway import Connect
from ..ledger.ledger import Ledger
from ..logs import Log
from ..timing import Timing


class Failed(Exception):
    """The request cannot be fulfilled; the message is for the person who deploys."""


class Superseded(Exception):
    """The claim was canceled, or a later request has taken it over."""


@dataclass(frozen=True)
class Scope:
    """Where this function works."""

    region: str
    account: str
    provider_id: str
    target_arns: tuple[str, ...] = ()
    """The instances and traffic distribution groups that the provider serves; all where this is empty."""


@dataclass(frozen=True)
class Invocation:
    """One invocation of Lambda to handle one event.

    Parameters
    ----------
    worker
        A name for this invocation that no other invocation has.
    """

    connect: Connect
    ledger: Ledger
    stacks: PatientStacks
    timing: Timing
    scope: Scope
    log: Log
    worker: str

    def reread(self, claim: Claim) -> Claim:
        """Return the claim as it is now."""
        return self.ledger.claim(claim.own_key)

    def ownership_tags(self, claim: Claim) -> dict[str, str]:
        """Return the tags that say whose the claim's number is."""
        return {
            contract.PROVIDER_TAG: self.scope.provider_id,
            contract.CLAIM_TAG: claim.id,
            contract.STACK_TAG: claim.stack_id,
            contract.RESOURCE_TAG: claim.logical_resource_id,
        }

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Put tags on a number. The provider's own is always among them: without it the role may not."""
        self.connect.tag(arn, {**tags, contract.PROVIDER_TAG: self.scope.provider_id})

    def is_in_scope(self, arn: str) -> bool:
        """Return whether a number is of this account and Region.

        Only then does "not found" mean that it is gone: elsewhere Connect does not know a number by its id.
        """
        parsed = rules.parse_phone_number_arn(arn)
        return parsed is not None and parsed.region == self.scope.region and parsed.account == self.scope.account
