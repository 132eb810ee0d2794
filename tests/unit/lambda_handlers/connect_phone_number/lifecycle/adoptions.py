"""What the tests of adopting and of rolling adoptions back have in common: a second stack that adopts a number."""

from typing import Any

from lambda_handlers.connect_phone_number.cloudformation.resource_key import ResourceKey
from tests.unit.lambda_handlers.connect_phone_number.world import OTHER_STACK, Answered, Event, World

from .decisions import let_go

NUMBER = "+12065550100"
INVENTED = "sales-Sales-1ABCDEFGH"
SALES = ResourceKey(OTHER_STACK, "Sales")


def adoption(world: World, phone_number: str = NUMBER, **properties: Any) -> Event:
    """Return a Create of the other stack that adopts the number."""
    adopt: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": phone_number, "Adopt": "true"}
    return world.event("Create", stack=OTHER_STACK, resource="Sales", **{**adopt, **properties})


def adopt(world: World, phone_number: str = NUMBER, **properties: Any) -> Answered:
    """Adopt the number into the other stack."""
    return world.send(adoption(world, phone_number, **properties))


def adopt_unheard(world: World, phone_number: str = NUMBER, **properties: Any) -> None:
    """Adopt the number into the other stack, with a response of which CloudFormation never takes note."""
    world.handle(adoption(world, phone_number, **properties))
    assert world.responses[-1].succeeded, world.responses[-1].reason


def adopt_for_good(world: World, phone_number: str = NUMBER, **properties: Any) -> str:
    """Adopt the number in a deployment that is seen to be complete, and return its ARN."""
    response = adopt(world, phone_number, **properties)
    assert response.succeeded, response.reason
    world.clock.pause(400.0)
    world.sweep()
    assert world.claim(OTHER_STACK, "Sales").established
    return response.physical_id


def adopt_within_the_stack(world: World, **properties: Any) -> Answered:
    """Adopt the number of the first stack's resource under another name in the same stack."""
    adopt: dict[str, Any] = {"CountryCode": None, "Type": None, "PhoneNumber": NUMBER, "Adopt": "true"}
    return world.create(resource="Renamed", **{**adopt, **properties})


def delete(world: World, physical_id: str) -> Answered:
    """Delete the other stack's resource."""
    return world.delete(physical_id, stack=OTHER_STACK, resource="Sales")


def retained(world: World) -> str:
    """Return a number that the first stack has let go of and kept."""
    arn = world.created(PhoneNumber=NUMBER)
    let_go(world, arn)
    return arn


def claimed_with_flow(world: World, phone_number: str = NUMBER) -> tuple[str, str]:
    """Claim a number by hand and give it a flow; return the ARNs of both."""
    arn = world.claimed_by_hand(phone_number)
    flow = world.emulator.add_contact_flow(world.instance)
    world.client.associate_phone_number_contact_flow(
        PhoneNumberId=arn,
        InstanceId=world.instance.rpartition("/")[2],
        ContactFlowId=flow.rpartition("/")[2],
    )
    return arn, flow


def flows(world: World, arn: str) -> list[str]:
    """Return the ARNs of a number's flows."""
    number = world.number(arn)
    place = number.scope.arn("instance")
    return [f"{place}/{instance}/contact-flow/{flow}" for instance, flow in number.contact_flows.items()]
