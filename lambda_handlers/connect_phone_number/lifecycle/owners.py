"""Owners of parked numbers that the ledger does not know.

A person may give a parked number to another resource, for example by an import. And a ledger that was restored to an
earlier time has numbers as parked that are in use by now. CloudFormation knows.
"""

from ..claim import Claim
from ..cloudformation.resource_key import ResourceKey
from ..cloudformation.stacks import SHOWN_AFTER_SECONDS
from .context import Failed, Invocation


def other_owners(invocation: Invocation, claim: Claim) -> tuple[ResourceKey, ...] | None:
    """Return the resources that have a number that a claim has taken, or ``None`` if CloudFormation does not tell.

    Its own resource is not among them, nor is the one that has parked the number and may still be being deleted.
    """
    # The ledger says whose the number is. This looks for what only people may have done.
    holders = invocation.stacks.unsettled.holders(claim.arn)
    if holders is None:
        return None
    return tuple(holder for holder in holders if holder not in (claim.resource, claim.previous_owner))


def present_owners(invocation: Invocation, claim: Claim) -> tuple[ResourceKey, ...] | None:
    """Return the resources that have a parked number, or ``None`` if CloudFormation does not tell.

    The resource that has parked it is among them only if it has the number again.
    """
    holders = invocation.stacks.at_once.holders(claim.arn)
    if holders is None or claim.resource not in holders:
        return holders
    held = invocation.stacks.at_once.resource(claim.resource)
    if held is None:
        return None
    if held.has(claim.arn):
        # Right after the number was parked, its deletion may not be shown yet.
        return None if invocation.timing.now() < claim.closing_at + SHOWN_AFTER_SECONDS else holders
    return tuple(holder for holder in holders if holder != claim.resource)


def ensure_free(invocation: Invocation, claim: Claim) -> None:
    """Ensure that no resource has a parked number by now that the ledger does not know.

    Raises
    ------
    Failed
        A resource has it, or CloudFormation does not tell.
    """
    owners = other_owners(invocation, claim)
    if owners is None:
        raise Failed(
            f"{claim.phone_number} was parked, and CloudFormation did not tell whether a resource has it now. Check "
            "that the provider's role may call cloudformation:DescribeStackResources, then deploy again."
        )
    if owners:
        raise Failed(
            f"{claim.phone_number} was parked, but {owners[0].logical_resource_id} of {owners[0].stack_id} has it now. "
            "Deploy again, and another number is taken or claimed."
        )
