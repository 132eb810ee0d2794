"""What is asked and shown before a run: it goes on only if somebody knows what it costs and types that they want it."""

from collections.abc import Callable, Mapping
from typing import Final

from lambda_handlers.connect_phone_number import rules

from .account import CHANGES, CLOUDTRAIL_DAYS, Account, Headroom
from .lifecycle import Plan

SWITCH: Final = "ACCEPTANCE_ON_REAL_AWS"
"""Environment variable without which nothing is done; its value must be ``yes``."""

_INTRODUCTION: Final = f"""\
This claims ONE phone number in a real Amazon Connect instance and releases it again.
- It takes {CHANGES} of the claims and releases that Connect's 200 % rule allows in 180 days.
- The number cools down for up to 180 days: nobody can claim it meanwhile.
- It costs a day of the number (as far as we know, 0.03 USD for DID and 0.06 USD for TOLL_FREE in the US; look it up:
  https://aws.amazon.com/connect/pricing/), and less than a cent for Lambda, DynamoDB, SQS and CloudWatch.
- It deploys two stacks whose names begin with PhoneNumberAcceptance-, and destroys them: perhaps
  a quarter of an hour.
The authors of this program have never run it on real AWS."""

_ASK_FOR_SWITCH: Final = f"Set {SWITCH}=yes to be asked for an instance. Nothing was done."


class RefusedError(Exception):
    """The run must not begin; the text says why."""


def agree(
    environment: Mapping[str, str],
    ask: Callable[[str], str],
    say: Callable[[str], None],
    account_of: Callable[[str], Account],
) -> Plan:
    """Return what is to be done, once whoever runs this has agreed to it.

    Parameters
    ----------
    environment : Mapping[str, str]
        Where the switch is.
    ask : Callable[[str], str]
        Asks a question.
    say : Callable[[str], None]
        Shows a text.
    account_of : Callable[[str], Account]
        Makes the account for a Region.

    Raises
    ------
    RefusedError
        Where anything stands against it: the switch, a missing preparation, the head-room, the confirmation.
    """
    say(_INTRODUCTION)
    if environment.get(SWITCH) != "yes":
        raise RefusedError(_ASK_FOR_SWITCH)
    target_arn = ask("ARN of the Amazon Connect instance: ").strip()
    if rules.instance_id_of(target_arn) is None:
        raise RefusedError(f"{target_arn!r} is not the ARN of an Amazon Connect instance.")
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
    _check_headroom(account, ask, say)
    sentence = f"claim and release one number in {owner}"
    if ask(f"Type '{sentence}' to go on: ").strip() != sentence:
        raise RefusedError("Not confirmed. Nothing was done.")
    return plan


def _check_account(account: Account, owner: str, plan: Plan) -> None:
    found = account.account_id()
    if found != owner:
        raise RefusedError(f"The credentials are for account {found}, the instance is in {owner}.")
    if not account.is_bootstrapped():
        raise RefusedError("The account and Region are not bootstrapped for the CDK: run cdk bootstrap first.")
    if not account.has_free_number(plan.target_arn, plan.country_code, plan.type):
        raise RefusedError(f"Connect offers no {plan.type} number of {plan.country_code} for this instance.")


def _check_headroom(account: Account, ask: Callable[[str], str], say: Callable[[str], None]) -> None:
    quota = _number(ask("Quota 'Phone numbers per instance', as Service Quotas shows it: "))
    held, recent = len(account.held()), account.recent_changes()
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


def _number(answer: str) -> int:
    if not answer.strip().isdecimal():
        raise RefusedError(f"{answer.strip()!r} is no number.")
    return int(answer)
