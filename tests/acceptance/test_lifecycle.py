"""An acceptance run stops at the first surprise, and then takes away what it has made."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Final, cast
from uuid import UUID, uuid5

import aws_cdk as cdk
import pytest

from acceptance.account import Account
from acceptance.lifecycle import Lifecycle, Plan, SurpriseError
from acceptance.number import Number
from acceptance.probes import Probing, Stage
from acceptance.stacks import AcceptanceStacks
from lambda_handlers.connect_phone_number import contract
from local_aws.cdk_cli import CdkResult

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
    probes = "Probes"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.slept = 0.0
        self.sweep_after: float | None = 300
        self.shown_after_release = 0.0
        self.number_released_at: float | None = None
        self.existing: set[str] = set()
        self.state: dict[str, Any] | None = None
        self.protects = True
        self.refuses_to_destroy: set[str] = set()
        self.leaves_number = False

    def lifecycle(self, probing: "FakeProbing | None" = None, *, waits_for_sweep: bool = True) -> Lifecycle:
        plan = replace(Plan(TARGET, "GB", "DID"), waits_for_sweep=waits_for_sweep)
        account, stacks = cast(Account, self), cast(AcceptanceStacks, self)

        def make(known_before: frozenset[str]) -> Probing:
            assert known_before == frozenset()
            return cast(Probing, probing)

        return Lifecycle(plan, account, stacks, self.calls.append, self.sleep, make if probing else None)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

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
        # What claims a number releases it by default, what adopts one keeps it.
        default = cdk.RemovalPolicy.RETAIN if properties.get("adopt") else cdk.RemovalPolicy.DESTROY
        self.leaves_number = properties.get("removal_policy", default) is cdk.RemovalPolicy.RETAIN
        return OK

    def destroy(self, stack: str) -> CdkResult:
        self.calls.append(f"destroy {stack}")
        if stack in self.refuses_to_destroy:
            return CdkResult(1, f"{stack} is not destroyed")
        self.existing.discard(stack)
        if stack == self.number and not self.leaves_number:
            self.number_released_at = self.slept
        return OK

    def exists(self, stack: str) -> bool:
        return stack in self.existing

    def output(self, name: str) -> str:
        return {"PhoneNumber": NUMBER, "PhoneNumberArn": ARN}[name]

    # --- The account ---

    def held(self, target_arn: str) -> frozenset[str]:
        assert target_arn == TARGET
        return frozenset({ARN} if self.describe(ARN) else ())

    def describe(self, phone_number_arn: str) -> dict[str, Any] | None:
        assert phone_number_arn == ARN
        is_gone = self.number_released_at is not None
        return None if is_gone and self.slept >= self._gone_at() else self.state

    def _gone_at(self) -> float:
        return (self.number_released_at or 0.0) + self.shown_after_release

    def numbers_of(self, stack: str, target_arn: str, known_before: frozenset[str]) -> list[str]:
        assert stack == self.number
        return sorted(self.held(target_arn) - known_before)

    def release(self, phone_number_arn: str, client_token: str) -> None:
        self.calls.append(f"release {phone_number_arn} {client_token}")
        self.state = None

    # --- The ledger ---

    def claimed_at(self, phone_number_arn: str) -> float | None:
        assert phone_number_arn == ARN
        return 1_700_000_000.0

    def is_established(self, phone_number_arn: str) -> bool | None:
        assert phone_number_arn == ARN
        return None if self.sweep_after is None else self.slept >= self.sweep_after


class FakeProbing:
    """Keeps when it was asked about which number."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked: list[tuple[Stage, Number]] = []
        self.outcomes: list[str] = []
        self.sightings = self

    def while_something_happens(self) -> "nullcontext[None]":
        return nullcontext()

    def at(self, stage: Stage, number: Number) -> None:
        self.asked.append((stage, number))
        if stage is Stage.ADOPTED:
            self._world.existing.add(self._world.probes)

    def finish(self, outcome: str) -> None:
        self.outcomes.append(outcome)


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


def test_adopted_number_is_released_only_after_the_sweep() -> None:
    world = World()
    world.lifecycle().run()
    assert world.slept == world.sweep_after


def test_sweep_need_not_be_waited_for() -> None:
    world = World()
    world.lifecycle(waits_for_sweep=False).run()
    assert world.slept == 0


def test_where_the_ledger_cannot_be_read_all_the_time_is_waited() -> None:
    world = World()
    world.sweep_after = None
    world.lifecycle().run()
    assert world.slept == 900
    assert "the ledger cannot be read, so 15 minutes were waited" in " ".join(world.calls)


def test_sweep_that_does_not_come_ends_the_run_before_the_number_could_be_rolled_back() -> None:
    world = World()
    world.sweep_after = 10_000
    lifecycle = world.lifecycle()

    with pytest.raises(SurpriseError, match="15 minutes after the adoption the provider has not seen"):
        lifecycle.run()

    assert _done(world)[-1] == "deploy"
    assert lifecycle.clean_up() == []
    assert _done(world)[-2:] == ["destroy Number", "destroy Provider"]


def test_released_number_may_be_shown_for_some_minutes() -> None:
    world = World()
    world.shown_after_release = 240
    world.lifecycle().run()
    assert world.slept == 300 + 240


def test_number_that_stays_after_its_release_ends_the_run() -> None:
    world = World()
    world.shown_after_release = 10_000
    lifecycle = world.lifecycle()

    with pytest.raises(SurpriseError, match="300 seconds after its release, Connect says"):
        lifecycle.run()


def test_probes_have_their_turn_between_the_steps() -> None:
    world = World()
    probing = FakeProbing(world)
    lifecycle = world.lifecycle(probing)

    lifecycle.run()
    lifecycle.finish("as expected")

    assert [stage for stage, _ in probing.asked] == list(Stage)
    (number,) = {id(number): number for _, number in probing.asked}.values()
    assert (number.arn, number.phone_number, number.target_arn) == (ARN, NUMBER, TARGET)
    assert (number.description, number.tags) == ("Acceptance, first", {"step": "claim"})
    assert number.claimed_at == 1_700_000_000
    assert probing.outcomes == ["as expected"]
    # The run makes no additional claim or release, and deletes the probes' stack before the number.
    assert _done(world) == [
        "deploy",
        "deploy",
        "deploy",
        "destroy Number",
        "deploy",
        "destroy Probes",
        "destroy Number",
        "destroy Provider",
    ]


def test_stack_of_the_probes_that_stays_is_no_surprise_and_is_cleaned_up() -> None:
    world = World()
    world.refuses_to_destroy = {world.probes}
    lifecycle = world.lifecycle(FakeProbing(world))

    lifecycle.run()
    assert lifecycle.clean_up() == ["the stack Probes: Probes is not destroyed"]


def test_claim_is_repeated_as_the_function_made_it() -> None:
    tags = {"step": "claim", contract.CLAIM_TAG: "one"}
    number = Number(ARN, NUMBER, TARGET, "Acceptance, first", tags)

    assert number.claim_parameters == {
        "TargetArn": TARGET,
        "PhoneNumber": NUMBER,
        "PhoneNumberDescription": "Acceptance, first",
        "Tags": tags,
        "ClientToken": str(uuid5(TOKEN_NAMESPACE, f"claim:one:{NUMBER}")),
    }
    assert number.release_token == str(uuid5(TOKEN_NAMESPACE, f"release:{ARN}"))
