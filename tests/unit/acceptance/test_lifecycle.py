"""An acceptance run stops at the first surprise, and then takes away what it has made."""

from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID, uuid5

import pytest

from local_aws.cdk_cli import CdkResult
from tests.acceptance.account import Account
from tests.acceptance.lifecycle import Lifecycle, Plan, SurpriseError
from tests.acceptance.stacks import AcceptanceStacks

TARGET: Final = "arn:aws:connect:eu-west-2:123456789012:instance/11111111-2222-3333-4444-555555555555"
ARN: Final = "arn:aws:connect:eu-west-2:123456789012:phone-number/99999999-2222-3333-4444-555555555555"
NUMBER: Final = "+442079460000"
TOKEN_NAMESPACE: Final = UUID("6d0f7f6e-5b43-5f0c-9a55-3d3f7f1c2a90")
PROTECTED: Final = CdkResult(1, "+44… Its ReleaseProtection is\n  on: switch that off")
OK: Final = CdkResult(0, "")


class World:
    """Connect, and the stacks in front of it; what a test wants to go wrong is set by it."""

    provider = "Provider"
    number = "Number"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.existing: set[str] = set()
        self.state: dict[str, Any] | None = None
        self.protects = True
        self.refuses_to_destroy: set[str] = set()
        self.leaves_number = False

    def lifecycle(self) -> Lifecycle:
        plan = Plan(TARGET, "GB", "DID")
        return Lifecycle(plan, cast(Account, self), cast(AcceptanceStacks, self), self.calls.append)

    # --- The stacks ---

    def deploy(self, tags: Mapping[str, str], **properties: Any) -> CdkResult:
        self.calls.append("deploy")
        self.existing |= {self.provider, self.number}
        if properties.get("country_code", "GB") != "GB" and self.protects:
            return PROTECTED
        self.state = {
            "PhoneNumber": NUMBER,
            "PhoneNumberStatus": {"Status": "CLAIMED"},
            "PhoneNumberDescription": properties["description"],
            "TargetArn": properties["target_arn"],
            "Tags": dict(tags),
        }
        self.leaves_number = "removal_policy" in properties
        return OK

    def destroy(self, stack: str) -> CdkResult:
        self.calls.append(f"destroy {stack}")
        if stack in self.refuses_to_destroy:
            return CdkResult(1, f"{stack} is not destroyed")
        self.existing.discard(stack)
        if stack == self.number and not self.leaves_number:
            self.state = None
        return OK

    def exists(self, stack: str) -> bool:
        return stack in self.existing

    def output(self, name: str) -> str:
        return {"PhoneNumber": NUMBER, "PhoneNumberArn": ARN}[name]

    # --- The account ---

    def held(self) -> frozenset[str]:
        return frozenset({ARN} if self.state else ())

    def describe(self, phone_number_arn: str) -> dict[str, Any] | None:
        assert phone_number_arn == ARN
        return self.state

    def numbers_of(self, stack: str, known_before: frozenset[str]) -> list[str]:
        assert stack == self.number
        return sorted(self.held() - known_before)

    def release(self, phone_number_arn: str, client_token: str) -> None:
        self.calls.append(f"release {phone_number_arn} {client_token}")
        self.state = None


def _done(world: World) -> list[str]:
    return [call for call in world.calls if not call.startswith("-") and not call.startswith(" ")]


def test_whole_run_leaves_nothing_to_clean_up() -> None:
    world = World()
    lifecycle = world.lifecycle()

    lifecycle.run()
    done = _done(world)

    assert lifecycle.clean_up() == []
    assert _done(world) == done
    assert done == ["deploy", "deploy", "deploy", "destroy Number", "deploy", "destroy Number", "destroy Provider"]


def test_number_that_is_not_protected_ends_the_run() -> None:
    world = World()
    world.protects = False
    lifecycle = world.lifecycle()

    with pytest.raises(SurpriseError, match="was not protected"):
        lifecycle.run()
    assert _done(world) == ["deploy", "deploy"]

    # The number may be protected still: that must not keep it from going.
    assert lifecycle.clean_up() == []
    assert _done(world)[2:] == ["deploy", "destroy Number", "destroy Provider"]


def test_stack_that_is_not_destroyed_ends_the_run_and_is_reported_while_the_rest_goes() -> None:
    world = World()
    world.refuses_to_destroy = {world.number}
    lifecycle = world.lifecycle()

    with pytest.raises(SurpriseError, match="Number is not destroyed"):
        lifecycle.run()
    (left,) = lifecycle.clean_up()

    assert left == "the stack Number: Number is not destroyed"
    token = uuid5(TOKEN_NAMESPACE, f"release:{ARN}")
    assert _done(world)[-2:] == [f"release {ARN} {token}", "destroy Provider"]


def test_number_that_changes_by_itself_ends_the_run() -> None:
    class Moved(World):
        def output(self, name: str) -> str:
            assert self.state is not None
            self.state["TargetArn"] = "elsewhere"
            return super().output(name)

    with pytest.raises(SurpriseError, match=r"Connect says .*elsewhere"):
        Moved().lifecycle().run()
