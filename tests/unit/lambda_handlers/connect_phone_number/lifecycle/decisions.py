"""What the tests of deciding have in common."""

from lambda_handlers.connect_phone_number.ledger.items import RequestEntry
from lambda_handlers.connect_phone_number.lifecycle.decision import decide
from lambda_handlers.connect_phone_number.protocol.answer import Status
from lambda_handlers.connect_phone_number.protocol.request import parse_request
from tests.unit.lambda_handlers.connect_phone_number.world import Event, World

INVENTED = "support-Number-1ABCDEFGH"
STALE = "CloudFormation has sent a later request for this resource, so this one is void. Nothing was done."
PREFIX = "+1206"


def decided(world: World, event: Event) -> RequestEntry:
    """Decide what an event means, and return the entry of its request."""
    attempt = world.attempt()
    return decide(parse_request(event), attempt.ledger, attempt.stacks, attempt.place, attempt.timing.now)


def without_time(event: Event) -> Event:
    """Return the event with a URL that does not say when it was signed."""
    return {**event, "ResponseURL": event["ResponseURL"].replace("X-Amz-Date", "X-Other")}


def reason(entry: RequestEntry) -> str:
    """Return why the request is refused."""
    assert entry.answer is not None
    assert entry.answer.status is Status.FAILED
    return entry.answer.reason


def only_claim(entry: RequestEntry) -> str:
    """Return the claim that the request is about."""
    assert entry.answer is None, entry.answer
    (claim,) = entry.claims
    return claim
