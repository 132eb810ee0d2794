"""What the tests of deciding have in common."""

from typing import Any

from lambda_handlers.connect_phone_number.claim import Claim
from lambda_handlers.connect_phone_number.cloudformation.request import parse_request
from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from lambda_handlers.connect_phone_number.cloudformation.response import Status
from lambda_handlers.connect_phone_number.ledger.items import RequestEntry, ResourceEntry
from lambda_handlers.connect_phone_number.lifecycle.decision import decide
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, Event, World

INVENTED = "support-Number-1ABCDEFGH"
STALE = "CloudFormation has sent a later request for this resource, so this one is void. Nothing was done."
PREFIX = "+1206"
RESOURCE = ResourceKey(STACK, "Number")
ROLLING_BACK = "UPDATE_ROLLBACK_IN_PROGRESS"


def decided(world: World, event: Event) -> RequestEntry:
    """Decide what an event means, and return the entry of its request."""
    return decide(world.invocation(), parse_request(event))


def without_time(event: Event) -> Event:
    """Return the event with a URL that does not say when it was signed."""
    return {**event, "ResponseURL": event["ResponseURL"].replace("X-Amz-Date", "X-Other")}


def reason(entry: RequestEntry) -> str:
    """Return why the request is refused."""
    assert entry.response is not None
    assert entry.response.status is Status.FAILED
    return entry.response.reason


def only_claim(entry: RequestEntry) -> str:
    """Return the claim that the request is about."""
    assert entry.response is None, entry.response
    (claim,) = entry.claims
    return claim


def claim_of(world: World, arn: str) -> Claim:
    """Return the resource's claim that has a number."""
    (claim,) = (claim for claim in world.claims() if claim.arn == arn)
    return claim


def resource_entry(world: World) -> ResourceEntry:
    """Return the resource entry."""
    return world.invocation().ledger.resource(RESOURCE, "none").resource_entry


def unheard(world: World, **properties: Any) -> str:
    """Create a resource whose response CloudFormation never takes note of, and return the number's ARN."""
    world.handle(world.event("Create", **properties))
    response = world.responses[-1]
    assert response.succeeded, response.reason
    return response.physical_id


def let_go(world: World, arn: str) -> None:
    """Let CloudFormation take the resource out of its stack and retain the number, for which it sends no request."""
    world.stacks.hold(RESOURCE, arn, "DELETE_SKIPPED")


def replaced(world: World, **properties: Any) -> tuple[str, str]:
    """Replace the number of a resource by another country's, and return the ARNs of both."""
    old = world.created()
    response = world.update(old, **{"CountryCode": "GB", "AllowReplacement": "true", **properties})
    assert response.succeeded, response.reason
    assert response.physical_id != old
    return old, response.physical_id
