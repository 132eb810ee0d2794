"""The dialog before a run. The run starts only if a person has seen what it costs and confirms it by typing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from lambda_handlers.connect_phone_number import rules

from .account import CHANGES, CLOUDTRAIL_DAYS, Account, Headroom
from .lifecycle import Plan
from .number_probes import REPEATED_CLAIMS

SWITCH: Final = "ACCEPTANCE_ON_REAL_AWS"
"""The environment variable that enables the run; its value must be ``yes``."""

_INTRODUCTION: Final = f"""\
This claims ONE phone number in a real Amazon Connect instance and releases it again.
- It takes {CHANGES} of the claims and releases that Connect's 200 % rule allows in 180 days.
- The number cools down for up to 180 days: nobody can claim it meanwhile.
- It costs a day of the number (as far as we know, 0.03 USD for DID and 0.06 USD for TOLL_FREE in the US; look it up:
  https://aws.amazon.com/connect/pricing/), and less than a cent for Lambda, DynamoDB, SQS and CloudWatch.
- It deploys stacks whose names begin with PhoneNumberAcceptance-, and destroys them: perhaps half an hour. Up to
  15 minutes of it are a wait. An adopted number is released only where its adoption is certainly complete, and the
  provider's sweep, which sees that, comes every 5 minutes."""

_PROBES: Final = f"""\
With this number it also asks AWS what nobody knows for certain, and records the answers, redacted, in {{record}}.
No probe claims or releases a number. But:
- {REPEATED_CLAIMS} calls of ClaimPhoneNumber repeat the claim of the number itself, and Connect may refuse them. One
  source says that refused claims count toward the 200 %, too; where there is no room for that, they are left out.
- A flow of the instance is associated with the number for some seconds: the flow would take a call to the number.
- A stack of its own has a function, and a role that may tag the provider's numbers.
Leave the probes out with --no-probes."""

_NEVER_RUN: Final = "The authors of this program have never run it on real AWS."

_ASK_FOR_SWITCH: Final = f"Set {SWITCH}=yes to be asked for a target. Nothing was done."


class RefusedError(Exception):
    """The run must not start. The text says why."""


def agree(
    environment: Mapping[str, str],
    ask: Callable[[str], str],
    say: Callable[[str], None],
    account_of: Callable[[str], Account],
    record: str | None = None,
) -> Plan:
    """Return the plan of the run, once the person who starts it has agreed to it.

    Parameters
    ----------
    environment : Mapping[str, str]
        The environment with the switch.
    ask : Callable[[str], str]
        Asks a question.
    say : Callable[[str], None]
        Shows a text.
    account_of : Callable[[str], Account]
        Makes the account for a Region.
    record : str or None
        The file for the responses to the probes. Default ``None``: no probes.

    Raises
    ------
    RefusedError
        If the run must not start: because of the switch, a missing preparation, the headroom, or the confirmation.
    """
    texts = [_INTRODUCTION, *([] if record is None else [_PROBES.format(record=record)]), _NEVER_RUN]
    say("\n".join(texts))
    if environment.get(SWITCH) != "yes":
        raise RefusedError(_ASK_FOR_SWITCH)
    target_arn = ask("ARN of the Amazon Connect instance, or of a traffic distribution group: ").strip()
    if problem := rules.check_target_arn(target_arn):
        raise RefusedError(f"The target {problem}")
    plan = Plan(
        target_arn,
        ask("Country code [US]: ").strip() or "US",
        ask("Type of number [DID]: ").strip() or rules.DEFAULT_TYPE,
    )
    for problem in (rules.check_country_code(plan.country_code), rules.check_type(plan.type)):
        if problem:
            raise RefusedError(f"That {problem}")
    _, _, _, region, owner, _ = target_arn.split(":", 5)
    account = account_of(region)
    _check_account(account, owner, plan)
    headroom = _check_headroom(account, plan, ask, say)
    may_repeat_claims = headroom.has_room_for(REPEATED_CLAIMS)
    if record is not None and not may_repeat_claims:
        say("There is no room for refused claims, should they count: no probe repeats the claim.")
    sentence = f"claim and release one number in {owner}"
    if ask(f"Type '{sentence}' to go on: ").strip() != sentence:
        raise RefusedError("Not confirmed. Nothing was done.")
    return replace(plan, may_repeat_claims=may_repeat_claims)


def _check_account(account: Account, owner: str, plan: Plan) -> None:
    found = account.account_id()
    if found != owner:
        raise RefusedError(f"The credentials are for account {found}, the target is in {owner}.")
    if not account.is_bootstrapped():
        raise RefusedError("The account and Region are not bootstrapped for the CDK: run cdk bootstrap first.")
    if not account.has_free_number(plan.target_arn, plan.country_code, plan.type):
        raise RefusedError(f"Connect offers no {plan.type} number of {plan.country_code} for this target.")


def _check_headroom(account: Account, plan: Plan, ask: Callable[[str], str], say: Callable[[str], None]) -> Headroom:
    quota = _number(ask("Quota 'Phone numbers per instance', as Service Quotas shows it: "))
    held, recent = len(account.held(plan.target_arn)), account.recent_changes()
    older = _number(
        ask(f"Claims and releases from {CLOUDTRAIL_DAYS} to 180 days ago, which CloudTrail has forgotten: ")
    )
    headroom = Headroom(quota, held, recent + older)
    say(
        f"The account holds {held} of {quota} numbers. Claims and releases of 180 days: {recent + older} known of "
        f"{headroom.allowance} allowed, before the {CHANGES} of this run."
    )
    if problem := headroom.problem():
        raise RefusedError(problem)
    return headroom


def _number(answer: str) -> int:
    if not answer.strip().isdecimal():
        raise RefusedError(f"{answer.strip()!r} is no number.")
    return int(answer)
