from lambda_handlers.connect_phone_number.claim import ResourceKey
from lambda_handlers.connect_phone_number.lifecycle.items_of_request import (
    failed_creation_id,
    is_failed_creation_id,
    resource_key,
)
from lambda_handlers.connect_phone_number.protocol.request import parse_request
from tests.unit.lambda_handlers.connect_phone_number.world import STACK, World


def test_resource_key(world: World) -> None:
    assert resource_key(parse_request(world.event("Create"))) == ResourceKey(STACK, "Number")


def test_the_id_of_a_failed_creation_is_told_from_others(world: World) -> None:
    invocation = parse_request(world.event("Create")).key
    assert failed_creation_id(invocation) == f"not-claimed-{invocation}"
    assert is_failed_creation_id(failed_creation_id(invocation))
    assert not is_failed_creation_id("support-Number-1ABCDEFGH")
    assert not is_failed_creation_id("malformed-request")
