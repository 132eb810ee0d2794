"""An account with numbers of every kind: what the report and the pictures of the documents show."""

from dataclasses import dataclass
from typing import Final

from lambda_handlers.connect_phone_number import contract
from lambda_handlers.connect_phone_number.budget import Policy
from tests.unit.lambda_handlers.connect_phone_number.world import ACCOUNT, PROVIDER, World

from .aws import TABLE, Aws

REGION: Final = "us-east-1"
"""Where prices are known."""
HOSTILE: Final = '</script><img src=x onerror=alert(1)> "quoted" & \u202edesrever'
"""A description that somebody has written in Connect."""
ORPHANS: Final = ("+12065550151", "+12065550152")
BY_HAND: Final = "+442079460000"
ADOPTED: Final = "+12065550170"
TAG: Final = ("team", "billing")
_DAY: Final = 86_400
_QUOTA: Final = 20
_DROPPED_AFTER: Final = 9
"""After so many days, an environment is destroyed."""


def stack_id(name: str) -> str:
    """Return the ARN of a stack."""
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/0a1b2c3d"


@dataclass(frozen=True)
class Crowd:
    """Twelve numbers: two orphans, one that has drifted, one protected, and others.

    Six are of stacks. Of them, one is protected, one has drifted, and the release of one fails. One is adopted, one
    parked, one retained, and one is somebody else's.
    """

    world: World
    aws: Aws
    drifted: str
    parked: str
    protected: str
    retained: str
    unfinished: str

    def number(self, arn: str) -> str:
        """Return a number's digits."""
        return self.world.number(arn).phone_number


def crowd(description: str = HOSTILE) -> Crowd:
    """Return the account, after its numbers have come one after the other, in virtual time.

    Parameters
    ----------
    description
        What somebody has written in Connect for the number that has drifted.
    """
    world = World(budget=Policy(quota=_QUOTA), region=REGION)
    world.emulator.configure(quota=_QUOTA)
    flow = f"{world.instance}/contact-flow/99999999-8888-7777-6666-555555555555"
    lines: list[str] = []
    for index in range(4):
        protection = {"ReleaseProtection": "true"} if index == 0 else {}
        line = world.created(
            stack=stack_id("support"),
            resource=f"Line{index}",
            ContactFlowArn=flow,
            Description=f"Support, line {index}",
            **protection,
        )
        lines.append(line)
        _settle(world, 2)
    sales = [
        world.created(stack=stack_id("sales"), resource=name, Type=kind)
        for name, kind in (("TollFree", "TOLL_FREE"), ("Local", "DID"))
    ]
    preview = world.created(stack=stack_id("preview-17"), resource="Line", ReleaseDelay=str(7 * _DAY))
    retained = world.created(stack=stack_id("pilot"), resource="Line")
    world.claimed_by_hand(ADOPTED)
    world.created(
        stack=stack_id("helpdesk"), resource="Line", PhoneNumber=ADOPTED, Adopt="true", CountryCode=None, Type=None
    )
    for orphan in ORPHANS:
        world.claimed_by_hand(orphan, {contract.PROVIDER_TAG: PROVIDER, TAG[0]: TAG[1]})
    world.claimed_by_hand(BY_HAND)
    _settle(world, _DROPPED_AFTER)
    # Removed with a removal policy of retain: CloudFormation says nothing to the function.
    world.stacks.resources = {key: held for key, held in world.stacks.resources.items() if held.physical_id != retained}
    assert world.delete(preview, stack=stack_id("preview-17"), resource="Line").succeeded
    world.client.update_phone_number_metadata(PhoneNumberId=lines[1], PhoneNumberDescription=description)
    world.emulator.faults.add(
        "ReleasePhoneNumber", "error", calls=None, for_seconds=_DAY, code="ResourceInUseException"
    )
    world.delete(sales[1], stack=stack_id("sales"), resource="Local")
    world.clock.pause(2.5 * 3600)
    aws = Aws(world)
    aws.functions.clear()
    aws.add_provider("provider", PROVIDER, TABLE, world.store, **{contract.BUDGET: f'{{"quota": {_QUOTA}}}'})
    return Crowd(world, aws, lines[1], preview, lines[0], retained, sales[1])


def _settle(world: World, days: int) -> None:
    """Let days pass, and the sweeper ask CloudFormation what has become of the numbers."""
    world.clock.pause(float(days * _DAY))
    world.sweep()
