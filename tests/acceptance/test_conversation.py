"""Nothing is done on real AWS unless everything speaks for it."""

from typing import Final, cast

import pytest

from acceptance.account import Account, Headroom
from acceptance.conversation import SWITCH, RefusedError, agree
from acceptance.lifecycle import Plan
from acceptance.number_probes import REPEATED_CLAIMS

OWNER = "123456789012"
TARGET = f"arn:aws:connect:eu-west-2:{OWNER}:instance/11111111-2222-3333-4444-555555555555"
GROUP = TARGET.replace(":instance/", ":traffic-distribution-group/")
CONFIRMATION = f"claim and release one number in {OWNER}"
ANSWERS = {
    "ARN of": TARGET,
    "Country": "GB",
    "Type of": "TOLL_FREE",
    "Quota": "5",
    "Claims": "0",
    "Type '": CONFIRMATION,
}


class FakeAccount:
    """An account that is ready, but for what a test changes."""

    owner = OWNER
    bootstrapped = True
    free = True
    numbers = frozenset({"one"})
    changes = 3
    target_arn = TARGET

    def account_id(self) -> str:
        return self.owner

    def is_bootstrapped(self) -> bool:
        return self.bootstrapped

    def has_free_number(self, target_arn: str, country_code: str, type: str) -> bool:
        assert (target_arn, country_code, type) == (self.target_arn, "GB", "TOLL_FREE")
        return self.free

    def held(self, target_arn: str) -> frozenset[str]:
        assert target_arn == self.target_arn
        return self.numbers

    def recent_changes(self) -> int:
        return self.changes


class Person:
    """Somebody who answers, and remembers what was shown."""

    def __init__(self, **answers: str) -> None:
        self._answers = {**ANSWERS, **{key.replace("_", " "): answer for key, answer in answers.items()}}
        self.shown: list[str] = []

    def agree(self, account: FakeAccount, switch: str = "yes", record: str | None = None) -> Plan:
        def account_of(region: str) -> Account:
            assert region == "eu-west-2"
            return cast(Account, account)

        return agree({SWITCH: switch}, self._answer, self.shown.append, account_of, record)

    def _answer(self, question: str) -> str:
        return next(answer for key, answer in self._answers.items() if question.startswith(key))


def test_plan_is_what_was_answered_and_the_price_was_shown() -> None:
    person = Person()

    assert person.agree(FakeAccount()) == Plan(TARGET, "GB", "TOLL_FREE")

    introduction, headroom = person.shown
    assert "It takes 2 of the claims and releases" in introduction
    assert "USD" in introduction
    assert "never run it on real AWS" in introduction
    assert headroom.startswith("The account holds 1 of 5 numbers. Claims and releases of 180 days: 3 known of 10")


def test_group_is_a_target_too() -> None:
    account = FakeAccount()
    account.target_arn = GROUP

    assert Person(ARN_of=GROUP).agree(account).target_arn == GROUP


def test_what_probes_do_is_shown_where_there_are_any() -> None:
    without, with_probes = Person(), Person()

    without.agree(FakeAccount())
    with_probes.agree(FakeAccount(), record="somewhere.json")

    assert "somewhere.json" in with_probes.shown[0]
    for words in (
        "No probe claims or releases a number",
        f"{REPEATED_CLAIMS} calls of ClaimPhoneNumber",
        "--no-probes",
    ):
        assert words in with_probes.shown[0]
        assert words not in without.shown[0]


@pytest.mark.parametrize(("changes", "may_repeat_claims"), [(4, True), (5, False), (8, False)])
def test_claims_are_repeated_only_where_there_is_room_for_their_refusal(changes: int, may_repeat_claims: bool) -> None:
    account, person = FakeAccount(), Person()
    account.changes = changes

    assert person.agree(account, record="somewhere.json").may_repeat_claims == may_repeat_claims
    assert any("no probe repeats the claim" in text for text in person.shown) != may_repeat_claims


@pytest.mark.parametrize("switch", ["", "no", "YES"])
def test_without_the_switch_nothing_is_even_asked(switch: str) -> None:
    person = Person(ARN_of="must not be asked for")

    with pytest.raises(RefusedError, match=rf"Set {SWITCH}=yes .* Nothing was done"):
        person.agree(FakeAccount(), switch)


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        (
            "ARN_of",
            "arn:aws:connect:eu-west-2:1:instance/x",
            "must be the ARN of an Amazon Connect instance or traffic distribution group",
        ),
        ("Country", "UK", "must be a two-letter country code"),
        ("Type_of", "LOCAL", "must be one of"),
        ("Quota", "five", "'five' is no number"),
        ("Claims", "6", "9 of the 10 claims and releases"),
        ("Type_'", "yes", "Not confirmed. Nothing was done"),
        ("Type_'", "", "Not confirmed. Nothing was done"),
    ],
)
def test_answer_that_ends_it(question: str, answer: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        Person(**{question: answer}).agree(FakeAccount())


_UNREADY: Final[list[tuple[str, object, str]]] = [
    ("owner", "999999999999", f"credentials are for account 999999999999, the target is in {OWNER}"),
    ("bootstrapped", False, "run cdk bootstrap first"),
    ("free", False, "Connect offers no TOLL_FREE number of GB"),
    ("numbers", frozenset("12345"), "holds 5 numbers of 5: there is no room"),
    ("changes", 9, "9 of the 10 claims and releases"),
]


@pytest.mark.parametrize(("name", "value", "message"), _UNREADY)
def test_account_that_is_not_ready(name: str, value: object, message: str) -> None:
    account = FakeAccount()
    setattr(account, name, value)

    with pytest.raises(RefusedError, match=message):
        Person().agree(account)


@pytest.mark.parametrize(
    ("quota", "held", "changes", "has_room"),
    [(5, 4, 8, True), (5, 4, 9, False), (5, 5, 0, False), (1, 0, 0, True), (1, 0, 1, False), (0, 0, 0, False)],
)
def test_headroom(quota: int, held: int, changes: int, has_room: bool) -> None:
    assert (Headroom(quota, held, changes).problem() is None) == has_room
