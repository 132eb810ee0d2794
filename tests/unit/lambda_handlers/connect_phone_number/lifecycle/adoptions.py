"""What the tests of adopting and of giving back have in common: a second stack that adopts a number."""

from typing import Any

from tests.unit.lambda_handlers.connect_phone_number.world import OTHER_STACK, Answered, Event, World

NUMBER = "+12065550100"
INVENTED = "sales-Sales-1ABCDEFGH"


def adoption(world: World, phone_number: str = NUMBER, **properties: Any) -> Event:
    """Return a Create of the other stack that adopts the number."""
    adopt: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": phone_number, "Adopt": "true"}
    return world.event("Create", stack=OTHER_STACK, resource="Sales", **{**adopt, **properties})


def adopt(world: World, phone_number: str = NUMBER, **properties: Any) -> Answered:
    """Adopt the number into the other stack."""
    return world.send(adoption(world, phone_number, **properties))


def delete(world: World, physical_id: str) -> Answered:
    """Delete the other stack's resource."""
    return world.delete(physical_id, stack=OTHER_STACK, resource="Sales")


def retained(world: World) -> str:
    """Return a number that the first stack has let go of and kept."""
    arn = world.created(PhoneNumber=NUMBER, RemovalPolicy="retain")
    assert world.delete(arn, RemovalPolicy="retain").succeeded
    world.stacks.held = False
    return arn
