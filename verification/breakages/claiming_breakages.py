"""Breakages of how claims begin: intent before act, tokens of claims, responses, replacement, and rollback."""

from typing import Final

from .breakage import UNIT_TESTS, Breakage, Hunt, Patch

_CLAIMING: Final = "lifecycle/claiming.py"
_CONVERGING: Final = "lifecycle/converging.py"
_DECISION: Final = "lifecycle/decision.py"
_REQUESTS: Final = "lifecycle/requests.py"
_CLAIM: Final = "connect.ClaimPhoneNumber"

CLAIMING: Final = (
    Breakage(
        "the ledger hears of a claim only afterwards",
        (
            Patch(
                _CLAIMING,
                "    if claim.candidate:\n        return invocation.ledger.save(announced)\n",
                "    if True:\n        return announced\n",
            ),
            Patch(_CLAIMING, " and now.candidate == candidate", ""),
        ),
        (Hunt("S3 create dies, after step *"), Hunt("S4 canceled at step *, create dies, *")),
    ),
    Breakage(
        "the call of a claim is not announced as one in flight",
        (
            Patch(
                _CLAIMING,
                "announced = replace(claim, candidate=phone_number, in_flight_calls=claim.calls_with(call))",
                "announced = replace(claim, candidate=phone_number) if call else claim",
            ),
        ),
        (Hunt("S4 canceled at step *, create goes on much later"), Hunt("S4 canceled at step *, create dies, *")),
    ),
    Breakage(
        "a throttled claim is tried again although it was canceled",
        (Patch(_CLAIMING, "return now.is_open and not now.arn and now.candidate == candidate", "return bool(now)"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_claiming_unheard.py", "-k", "does_not_ask_again"),
    ),
    Breakage(
        "an invocation is named by the RequestId",
        (Patch("cloudformation/request.py", "self.response_url.encode()", "self.request_id.encode()"),),
        (Hunt("S14 *"),),
    ),
    Breakage(
        "writes to the ledger have no condition",
        (
            Patch(
                "ledger/ledger.py",
                "[Write(key_of(one), encode(one), one.version) for one in (entry, *others)]",
                '[Write(key_of(e), encode(e), (self._store.get(key_of(e)) or {"version": 0})["version"])'
                " for e in (entry, *others)]",
            ),
        ),
        (Hunt("S26 *"),),
    ),
    Breakage(
        "DynamoDB is asked to write without a condition",
        (Patch("ledger/dynamodb.py", '"version = :version"', '":version = :version"'),),
        unit_tests=("tests/verification/simulator/test_memory_store.py", "-k", "needs_the_version"),
    ),
    Breakage(
        "a reservation of another claim is removed",
        (Patch("ledger/dynamodb.py", '"claim_id = :claim_id"', '":claim_id = :claim_id"'),),
        unit_tests=("tests/verification/simulator/test_memory_store.py", "-k", "name_the_claim"),
    ),
    Breakage(
        "a resource is read without its later claims",
        (Patch("ledger/ledger.py", "resource_entry.claim_keys == (first,)", "first_item"),),
        (Hunt("S11 *"),),
    ),
    Breakage(
        "the claim token does not depend on the number",
        (
            Patch(
                "tokens.py",
                'return _derive("claim", claim, phone_number)',
                'return _derive("claim", claim, "" if phone_number else phone_number)',
            ),
        ),
        (Hunt("S16 number lost *", must_succeed=True), Hunt("S1 create, delete", _CLAIM, "*", must_succeed=True)),
    ),
    Breakage(
        "the claim token is random",
        (Patch(_CLAIMING, "tokens.claim_token(claim.id, candidate)", 'str(__import__("uuid").uuid4())'),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_claiming.py", "-k", "without_a_response_is_one_claim"),
    ),
    Breakage(
        "a number does not say from its first moment on for which claim it is",
        (
            Patch(
                _CLAIMING,
                "**invocation.ownership_tags(claim)}",
                "contract.PROVIDER_TAG: invocation.scope.provider_id}",
            ),
        ),
        (Hunt("S4 canceled at step *, create dies, *"),),
    ),
    Breakage(
        "a number that somebody else got is the end",
        (Patch(_CLAIMING, "if error.kind is not ErrorKind.INVALID:", "if True:"),),
        (Hunt("S16 number lost *", must_succeed=True),),
    ),
    Breakage(
        "'not available' is believed without looking for our own number",
        (
            Patch(
                _CLAIMING,
                "if error.kind in (ErrorKind.CHANGED_PARAMETERS, ErrorKind.INVALID):",
                "if False:",
            ),
        ),
        (Hunt("S1 create, delete", _CLAIM, "*token forgotten"), Hunt("S1 a chosen number", _CLAIM, "*token forgotten")),
    ),
    Breakage(
        "numbers are not reserved in the ledger",
        (
            Patch(
                _CLAIMING,
                "return owner is None or owner.claim_id == claim.id",
                "return True",
            ),
            Patch(
                _CLAIMING,
                "return invocation.ledger.save(announced, reservation)",
                "return invocation.ledger.save(announced)",
            ),
        ),
        (Hunt("S18 *"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_claiming.py", "-k", "that_another"),
    ),
    Breakage(
        "SUCCESS is said before Connect says CLAIMED",
        (Patch(_CLAIMING, 'if state is not None and state.status == "CLAIMED":', "if state is not None:"),),
        (Hunt("S17 *"), Hunt("S1 create, delete")),
    ),
    Breakage(
        "a Create that fails does not cancel its claim",
        (Patch(_REQUESTS, "if claim.state is ClaimState.OPENING and claim.request_key == request.key:", "if False:"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_requests_failed.py",),
    ),
    Breakage(
        "the response is not stored before it is sent",
        (
            Patch(
                _REQUESTS,
                "invocation.ledger.save(replace(entry, response=response), live)",
                "invocation.ledger.save(entry, live)",
            ),
        ),
        (Hunt("S15 *"),),
    ),
    Breakage(
        "a rollback claims a third number",
        (
            Patch(_DECISION, "found = self._found_for_update(named if is_open else None, desired)", "found = None"),
            Patch(_DECISION, "if refusal := _replacement_refusal(named, desired, self.request):", "if refusal := '':"),
        ),
        (Hunt("S12 rolled back *"), Hunt("S12 canceled *, rollback first")),
    ),
    Breakage(
        "a replaced number is closed before the replacement has succeeded",
        (
            Patch(
                _DECISION,
                "self._close_unanswered({claim.id})\n"
                "        return self._entry(claims=(claim.id,)), resource_entry\n\n    def _allowance",
                "for other in self._open():\n"
                "            if other.id != claim.id:\n"
                "                self._close(other, '')\n"
                "        return self._entry(claims=(claim.id,)), resource_entry\n\n    def _allowance",
            ),
        ),
        (Hunt("S11 *"), Hunt("S12 rolled back *")),
    ),
    Breakage(
        "a Create opens a claim although there is an open one for what it wants",
        (Patch(_DECISION, "for claim, is_disowned in asked if is_disowned)", "for claim, _ in asked if not claim)"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_decision.py",),
    ),
    Breakage(
        "being throttled counts as refused",
        (
            Patch(
                "connect/errors.py",
                '"ThrottlingException": ErrorKind.THROTTLED',
                '"ThrottlingException": ErrorKind.INVALID',
            ),
        ),
        (Hunt("S1 create, delete", "connect.*", "throttled for a minute", must_succeed=True), Hunt("S8 Throttling*")),
    ),
)
"""At least one hunt of each breakage notices it."""
