"""The steps of an acceptance run: each one checks what Connect says afterwards, and the first surprise ends the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aws_cdk as cdk
from botocore.exceptions import BotoCoreError, ClientError

from lambda_handlers.connect_phone_number import tokens
from local_aws.cdk_cli import CdkResult

from .account import Account
from .stacks import AcceptanceStacks


class SurpriseError(Exception):
    """Something was not as expected: nothing more is tried, and what was made is cleaned up."""


@dataclass(frozen=True)
class Plan:
    """What number to take.

    Attributes
    ----------
    target_arn : str
        The instance.
    country_code, type : str
        The kind of number.
    """

    target_arn: str
    country_code: str
    type: str


class Lifecycle:
    """One run, on one number: one claim and one release.

    Parameters
    ----------
    plan : Plan
        What number to take.
    account : Account
        To look at what came of each step.
    stacks : AcceptanceStacks
        What is deployed.
    say : Callable[[str], None]
        Tells what happens.
    """

    def __init__(self, plan: Plan, account: Account, stacks: AcceptanceStacks, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._account = account
        self._stacks = stacks
        self._say = say
        self._before = account.held()
        self._phone_number = ""
        self._arn = ""
        self._is_protected = False

    def run(self) -> None:
        """Carry out all steps.

        Raises
        ------
        SurpriseError
            At the first thing that is not as it should be.
        """
        for title, step in self._STEPS:
            self._say(f"- {title}")
            step(self)

    def clean_up(self) -> list[str]:
        """Take away what a run has left, and return what could not be taken away; nothing after a whole run."""
        left: list[str] = []
        if self._is_protected:
            self._say("- clean-up: protection is switched off")
            self._deploy("Acceptance, clean-up", {})
        self._remove(self._stacks.number, left)
        try:
            for arn in self._account.numbers_of(self._stacks.number, self._before):
                self._say(f"- clean-up: {arn} is released")
                self._account.release(arn, tokens.release_token(arn))
        except (BotoCoreError, ClientError) as error:
            number = self._arn or f"that has a tag with the name {self._stacks.number}"
            left.append(f"the number {number}: {error}. Release it in the Connect console: it costs daily")
        self._remove(self._stacks.provider, left)
        return left

    def _remove(self, stack: str, left: list[str]) -> None:
        if not self._stacks.exists(stack):
            return
        self._say(f"- clean-up: cdk destroy {stack}")
        result = self._stacks.destroy(stack)
        if result.exit_code != 0:
            left.append(f"the stack {stack}: {_reason(result)}")

    def _claim(self) -> None:
        result = self._deploy("Acceptance, first", {"step": "claim"}, release_protection=True)
        _expect_success(result)
        self._is_protected = True
        self._phone_number, self._arn = self._stacks.output("PhoneNumber"), self._stacks.output("PhoneNumberArn")
        self._say(f"  {self._phone_number}, {self._arn}")
        self._expect_number("Acceptance, first", {"step": "claim"})
        made = self._account.numbers_of(self._stacks.number, self._before)
        if made != [self._arn]:
            raise SurpriseError(f"Connect lists {made} as the numbers of the stack")

    def _refuse_replacement(self) -> None:
        other = "CA" if self._plan.country_code != "CA" else "US"
        result = self._deploy(
            "Acceptance, first",
            {"step": "claim"},
            country_code=other,
            release_protection=True,
            allow_replacement=True,
        )
        if result.exit_code == 0 or "ReleaseProtection is on" not in " ".join(result.output.split()):
            raise SurpriseError(f"a protected number was not protected from replacement: {_reason(result)}")
        self._expect_number("Acceptance, first", {"step": "claim"})

    def _change(self) -> None:
        result = self._deploy("Acceptance, second", {"step": "change"}, removal_policy=cdk.RemovalPolicy.RETAIN)
        _expect_success(result)
        self._is_protected = False
        self._expect_number("Acceptance, second", {"step": "change"})

    def _retain(self) -> None:
        _expect_success(self._stacks.destroy(self._stacks.number))
        self._expect_number("Acceptance, second", {"step": "change"})

    def _adopt(self) -> None:
        result = self._stacks.deploy(
            {"step": "adopt"},
            target_arn=self._plan.target_arn,
            phone_number=self._phone_number,
            adopt=True,
            description="Acceptance, third",
        )
        _expect_success(result)
        if self._stacks.output("PhoneNumberArn") != self._arn:
            raise SurpriseError(f"{self._stacks.output('PhoneNumberArn')} was adopted, not {self._arn}")
        self._expect_number("Acceptance, third", {"step": "adopt"})

    def _release(self) -> None:
        _expect_success(self._stacks.destroy(self._stacks.number))
        state = self._account.describe(self._arn)
        if state is not None:
            raise SurpriseError(f"after its release, Connect says {state}")

    def _remove_provider(self) -> None:
        _expect_success(self._stacks.destroy(self._stacks.provider))

    def _deploy(self, description: str, tags: Mapping[str, str], **properties: Any) -> CdkResult:
        arguments = {
            "target_arn": self._plan.target_arn,
            "country_code": self._plan.country_code,
            "type": self._plan.type,
            "description": description,
        }
        return self._stacks.deploy(tags, **{**arguments, **properties})

    def _expect_number(self, description: str, tags: Mapping[str, str]) -> None:
        state = self._account.describe(self._arn)
        if state is None:
            raise SurpriseError(f"Connect knows no number {self._arn}")
        status = state.get("PhoneNumberStatus", {}).get("Status")
        found = (status, state.get("PhoneNumber"), state.get("TargetArn"), state.get("PhoneNumberDescription"))
        if found != ("CLAIMED", self._phone_number, self._plan.target_arn, description):
            raise SurpriseError(f"Connect says {found}")
        if not tags.items() <= state.get("Tags", {}).items():
            raise SurpriseError(f"the number's tags are {state.get('Tags')}, not {dict(tags)}")

    _STEPS: Final = (
        ("the provider and a stack with a number are deployed: one claim", _claim),
        ("a change that would replace the number is refused, because it is protected", _refuse_replacement),
        ("description, tags, protection and removal policy change in place", _change),
        ("the stack is destroyed, and the number is kept", _retain),
        ("a new stack adopts the number", _adopt),
        ("the stack is destroyed, and the number is released: one release", _release),
        ("the provider is destroyed", _remove_provider),
    )


def _expect_success(result: CdkResult) -> None:
    if result.exit_code != 0:
        raise SurpriseError(_reason(result))


def _reason(result: CdkResult) -> str:
    # The CLI gives its reasons last.
    return "\n".join(result.output.splitlines()[-15:])
