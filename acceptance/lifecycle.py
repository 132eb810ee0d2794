"""The steps of an acceptance run. Each checks Connect's state afterwards. The first unexpected result ends the run."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import aws_cdk as cdk
from botocore.exceptions import BotoCoreError, ClientError

from lambda_handlers.connect_phone_number import tokens
from local_aws.cdk_cli import CdkResult

from .account import Account
from .number import Number
from .probes import Probing, Stage
from .stacks import AcceptanceStacks

_SWEEP_PATIENCE_SECONDS: Final = 15 * 60
"""The provider asks for an adoption's result 5 minutes after its response. Its sweep runs every 5 minutes."""
_SWEEP_PAUSE_SECONDS: Final = 10.0
_SWEEP_TITLE: Final = (
    "the provider's sweep, every 5 minutes, sees that the adoption is complete: an adopted number is released only "
    "where that is certain"
)
_GONE_PATIENCE_SECONDS: Final = 5 * 60
"""For some minutes, Connect may still show a resource that is gone."""
_GONE_PAUSE_SECONDS: Final = 5.0


class SurpriseError(Exception):
    """A result was not as expected. The run ends, and everything that it created is cleaned up."""


@dataclass(frozen=True)
class Plan:
    """The number to claim, and how to run.

    Attributes
    ----------
    target_arn : str
        The instance, or the traffic distribution group.
    country_code, type : str
        The kind of number.
    may_repeat_claims : bool
        Whether the allowance has room for refused claims, in case they count toward the 200 %. Default ``True``.
    waits_for_sweep : bool
        Whether the run releases the adopted number only after the provider's sweep has seen that the adoption is
        complete. Default ``True``. Otherwise, the provider has to learn it from CloudFormation's events.
    """

    target_arn: str
    country_code: str
    type: str
    may_repeat_claims: bool = True
    waits_for_sweep: bool = True


class Lifecycle:
    """One run, on one number: one claim and one release.

    Parameters
    ----------
    plan : Plan
        The number to claim, and how to run.
    account : Account
        Used to check the result of each step.
    stacks : AcceptanceStacks
        The stacks to deploy.
    say : Callable[[str], None]
        Reports what happens.
    sleep : Callable[[float], object]
        Waits.
    probing : Callable[[frozenset[str]], Probing] or None
        Makes the object that probes AWS between the steps, from the ARNs of the numbers that existed before.
        Default ``None``: no probes.
    """

    def __init__(
        self,
        plan: Plan,
        account: Account,
        stacks: AcceptanceStacks,
        say: Callable[[str], None],
        sleep: Callable[[float], object],
        probing: Callable[[frozenset[str]], Probing] | None = None,
    ) -> None:
        self._plan = plan
        self._account = account
        self._stacks = stacks
        self._say = say
        self._sleep = sleep
        self._before = account.held(plan.target_arn)
        self._probing = probing(self._before) if probing is not None else None
        self._number: Number | None = None
        self._phone_number = ""
        self._arn = ""
        self._is_protected = False
        self.step = "nothing was done yet"
        """The title of the last step that began."""

    def run(self) -> None:
        """Carry out all steps.

        Raises
        ------
        SurpriseError
            At the first unexpected result.
        """
        for title, step, stage in self._STEPS:
            self.step = title
            self._say(f"- {title}")
            step(self)
            if stage is not None:
                self._probe(stage)

    def finish(self, outcome: str) -> None:
        """Record how the run ended."""
        if self._probing is not None:
            self._probing.finish(outcome)

    def clean_up(self) -> list[str]:
        """Remove what a run has left. Return what could not be removed; an empty list after a complete run."""
        left: list[str] = []
        if self._is_protected:
            self._say("- cleanup: protection is switched off")
            self._deploy("Acceptance, cleanup", {})
        self._remove(self._stacks.probes, left)
        self._remove(self._stacks.number, left)
        try:
            for arn in self._account.numbers_of(self._stacks.number, self._plan.target_arn, self._before):
                self._say(f"- cleanup: {arn} is released")
                self._account.release(arn, tokens.release_token(arn))
        except (BotoCoreError, ClientError) as error:
            number = self._arn or f"that has a tag with the name {self._stacks.number}"
            left.append(f"the number {number}: {error}. Release it in the Connect console: it costs daily")
        self._remove(self._stacks.provider, left)
        return left

    def _remove(self, stack: str, left: list[str]) -> None:
        if not self._stacks.exists(stack):
            return
        self._say(f"- cleanup: cdk destroy {stack}")
        result = self._stacks.destroy(stack)
        if result.exit_code != 0:
            left.append(f"the stack {stack}: {_reason(result)}")

    def _probe(self, stage: Stage) -> None:
        if self._probing is not None and self._number is not None:
            self._probing.at(stage, self._number)

    def _claim(self) -> None:
        watch = nullcontext() if self._probing is None else self._probing.sightings.while_something_happens()
        with watch:
            result = self._deploy("Acceptance, first", {"step": "claim"}, release_protection=True)
        _expect_success(result)
        self._is_protected = True
        self._phone_number, self._arn = self._stacks.output("PhoneNumber"), self._stacks.output("PhoneNumberArn")
        self._say(f"  {self._phone_number}, {self._arn}")
        state = self._expect_number("Acceptance, first", {"step": "claim"})
        made = self._account.numbers_of(self._stacks.number, self._plan.target_arn, self._before)
        if made != [self._arn]:
            raise SurpriseError(f"Connect lists {made} as the numbers of the stack")
        self._number = Number(
            self._arn,
            self._phone_number,
            self._plan.target_arn,
            "Acceptance, first",
            state.get("Tags", {}),
            self._stacks.claimed_at(self._arn),
        )

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
            # By default, an adopted number is kept.
            removal_policy=cdk.RemovalPolicy.DESTROY,
            description="Acceptance, third",
        )
        _expect_success(result)
        if self._stacks.output("PhoneNumberArn") != self._arn:
            raise SurpriseError(f"{self._stacks.output('PhoneNumberArn')} was adopted, not {self._arn}")
        self._expect_number("Acceptance, third", {"step": "adopt"})

    def _wait_for_sweep(self) -> None:
        if self._probing is not None:
            # The stack of the probes uses some of the time that passes anyway.
            self._probe(Stage.ADOPTED)
            if self._stacks.exists(self._stacks.probes):
                # If this fails, the cleanup deletes the stack again.
                self._stacks.destroy(self._stacks.probes)
        if not self._plan.waits_for_sweep:
            self._say("  that is not waited for")
            return
        waited = 0.0
        while not (is_established := self._stacks.is_established(self._arn)):
            if waited >= _SWEEP_PATIENCE_SECONDS:
                break
            self._sleep(_SWEEP_PAUSE_SECONDS)
            waited += _SWEEP_PAUSE_SECONDS
        if is_established is None:
            self._say(f"  the ledger cannot be read, so {_SWEEP_PATIENCE_SECONDS // 60} minutes were waited")
        elif not is_established:
            raise SurpriseError(
                f"{_SWEEP_PATIENCE_SECONDS // 60} minutes after the adoption the provider has not seen that the "
                "stack is complete"
            )

    def _release(self) -> None:
        _expect_success(self._stacks.destroy(self._stacks.number))
        waited = 0.0
        while (state := self._account.describe(self._arn)) is not None:
            if waited >= _GONE_PATIENCE_SECONDS:
                raise SurpriseError(f"{waited:.0f} seconds after its release, Connect says {state}")
            self._sleep(_GONE_PAUSE_SECONDS)
            waited += _GONE_PAUSE_SECONDS

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

    def _expect_number(self, description: str, tags: Mapping[str, str]) -> Mapping[str, Any]:
        state = self._account.describe(self._arn)
        if state is None:
            raise SurpriseError(f"Connect knows no number {self._arn}")
        status = state.get("PhoneNumberStatus", {}).get("Status")
        found = (status, state.get("PhoneNumber"), state.get("TargetArn"), state.get("PhoneNumberDescription"))
        if found != ("CLAIMED", self._phone_number, self._plan.target_arn, description):
            raise SurpriseError(f"Connect says {found}")
        if not tags.items() <= state.get("Tags", {}).items():
            raise SurpriseError(f"the number's tags are {state.get('Tags')}, not {dict(tags)}")
        return state

    _STEPS: Final = (
        ("the provider and a stack with a number are deployed: one claim", _claim, Stage.CLAIMED),
        (
            "a change that would replace the number is refused, because it is protected",
            _refuse_replacement,
            Stage.REPLACEMENT_REFUSED,
        ),
        ("description, tags, protection and removal policy change in place", _change, None),
        ("the stack is destroyed, and the number is kept", _retain, Stage.RETAINED),
        ("a new stack adopts the number, and is to release it", _adopt, None),
        (
            f"{_SWEEP_TITLE} (up to {_SWEEP_PATIENCE_SECONDS // 60} minutes)",
            _wait_for_sweep,
            Stage.BEFORE_RELEASE,
        ),
        ("the stack is destroyed, and the number is released: one release", _release, Stage.RELEASED),
        ("the provider is destroyed", _remove_provider, None),
    )


def _expect_success(result: CdkResult) -> None:
    if result.exit_code != 0:
        raise SurpriseError(_reason(result))


def _reason(result: CdkResult) -> str:
    # The CLI prints its reasons last.
    return "\n".join(result.output.splitlines()[-15:])
