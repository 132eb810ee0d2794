"""Breakages of how claims end: tokens of releases, Delete, the sweeper, numbers of others, and numbers to keep."""

from typing import Final

from .breakage import UNIT_TESTS, Breakage, Hunt, Patch

_CLOSING: Final = "lifecycle/closing.py"
_DECISION: Final = "lifecycle/decision.py"
_REQUESTS: Final = "lifecycle/requests.py"
_ACKNOWLEDGING: Final = "lifecycle/acknowledging.py"
_LOOK_ONCE: Final = '{"PhoneNumberId": _id(arn), "ClientToken": token}, *([] if is_needed() else []))'
_RELEASE_TOKEN: Final = "tokens.release_token(arn)"

CLOSING: Final = (
    Breakage(
        "the release token is random",
        (Patch(_CLOSING, _RELEASE_TOKEN, 'str(__import__("uuid").uuid4())'),),
        (Hunt("S6 *"), Hunt("S7 delete dies, after step *")),
    ),
    Breakage(
        "the release token depends on the RequestId",
        (Patch(_CLOSING, _RELEASE_TOKEN, 'tokens.claim_token(invocation.log.fields.get("request", ""), arn)'),),
        (Hunt("S6 *"), Hunt("S8 ResourceInUseException *")),
    ),
    Breakage(
        "the release token depends on the invocation",
        (Patch(_CLOSING, _RELEASE_TOKEN, 'tokens.change_token(arn, invocation.worker, 0, "")'),),
        (Hunt("S7 delete dies, after step *"), Hunt("S8 AccessDeniedException *")),
    ),
    Breakage(
        "a Delete with an invented id is ignored",
        (
            Patch(
                _DECISION,
                "canceled = [claim for claim in self._unnamed() if not self._is_older_than(claim)]",
                "canceled = list[Claim]()",
            ),
        ),
        (Hunt("S4 canceled at step 1?, delete first"),),
    ),
    Breakage(
        "a Create or Update that comes too late is not refused as stale",
        (
            Patch(
                _DECISION,
                "if self.request.type is not RequestType.DELETE and self._is_stale():",
                "if False:",
            ),
        ),
        (Hunt("S4 canceled at step 0, *"),),
    ),
    Breakage(
        "calls in flight are not settled: nobody looks for a number that was claimed unheard",
        (Patch(_CLOSING, "arn = find_own(invocation, claim, phone_number)", "arn = None"),),
        (Hunt("S4 canceled at step *, create dies, *"),),
    ),
    Breakage(
        "calls in flight are dropped before Connect shows every number",
        (Patch(_CLOSING, "if call.until + LAG_SECONDS > now)", "if call.until > now + 10**9)"),),
        (Hunt("S4 canceled at step *, create goes on much later", "connect.ClaimPhoneNumber", "death after*"),),
    ),
    Breakage(
        "one 'not found' is believed",
        (
            Patch(
                _CLOSING,
                "if claim.is_returning_to_inventory and unseen >= _SURELY_UNSEEN:",
                "if unseen:",
            ),
        ),
        (Hunt("S1 an old number", "connect.DescribePhoneNumber", "ResourceNotFoundException"),),
    ),
    Breakage(
        "'not found' is believed in another Region",
        (Patch(_CLOSING, "if not invocation.is_in_scope(arn):", "if False:"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_closing.py", "-k", "another_region"),
    ),
    Breakage(
        "a number whose tags were taken off is released without them",
        (Patch(_CLOSING, "if state is not None and contract.PROVIDER_TAG not in state.tags:", "if False:"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_closing_in_time.py", "-k", "gets_them_back"),
    ),
    Breakage(
        "a number that carries somebody else's tags is released",
        (Patch(_CLOSING, "if state.tags.get(contract.CLAIM_TAG, claim.id) != claim.id:", "if False:"),),
        (Hunt("S9 number tagged for somebody else"),),
    ),
    Breakage(
        "a number that Connect could not provide is released at once",
        (
            Patch(
                _CLOSING,
                'if state.status == "FAILED" and not claim.provisioned and not is_taken_back_by_now:',
                "if False:",
            ),
        ),
        (Hunt("S5 target full"),),
    ),
    Breakage(
        "the sweeper ignores claims that are to be closed",
        (
            Patch(
                "lifecycle/sweeping.py",
                "            _handle(invocation, claim, result)\n    # What",
                "            pass\n    # What",
            ),
        ),
        (Hunt("S13 *"), Hunt("S8 *, abandoned")),
    ),
    Breakage(
        "release protection is ignored",
        (Patch(_DECISION, "if named.protected and not is_undone and not self._is_rolling_back():", "if False:"),),
        (Hunt("S19 protected*"),),
    ),
    Breakage(
        "a Delete says SUCCESS although the release was refused",
        (Patch(_REQUESTS, "if problems:", "if False:"),),
        (Hunt("S8 AccessDeniedException *"),),
    ),
    Breakage(
        "a Delete goes on after it was answered",
        (
            Patch(
                _REQUESTS, "        if entry is None or entry.response is not None:\n            raise Superseded\n", ""
            ),
        ),
        (Hunt("S8 delete given up while it is delivered again, *"),),
    ),
    Breakage(
        "a request that nobody waits for is carried out",
        (Patch(_REQUESTS, "if invocation.timing.now() >= entry.deadline:", "if False:"),),
        (Hunt("S4 create and its cancellation, both delivered *"), Hunt("S8 delete delivered after its timeout, *")),
    ),
    Breakage(
        "a release that is throttled is repeated without another look",
        (Patch("connect/gateway.py", '{"PhoneNumberId": _id(arn), "ClientToken": token}, is_needed)', _LOOK_ONCE),),
        (Hunt("S8 release throttled, *"),),
    ),
    Breakage(
        "a release is repeated while the stack is being deleted",
        (Patch(_ACKNOWLEDGING, "if state is None or state.is_being_deleted:", "if state is None:"),),
        (Hunt("S8 delete denied, swept while *"),),
    ),
    Breakage(
        "what a root stack leaves behind is released",
        (Patch(_ACKNOWLEDGING, "return state.is_left_by_its_root", "return False"),),
        (Hunt("S8 delete denied in a nested stack, *"),),
    ),
    Breakage(
        "a number is handed back to a resource that is gone",
        (
            Patch(
                "lifecycle/adoption_rollback.py",
                "if not previous.is_deleted or previous.protected:",
                "if True:",
            ),
        ),
        (Hunt("S19 renamed, stopped with rollback off, *"),),
    ),
    Breakage(
        "a refused response is given up at once",
        (Patch("handler.py", "if is_awaited or not problem.is_void:", "if not problem.is_void:"),),
        (Hunt("S20 response 403 for a whole invocation"),),
    ),
    Breakage(
        "a request on which all invocations failed is not answered",
        (
            Patch(
                "handler.py",
                "self._respond_to_failed_event(_destination_record(record), context, log)",
                "pass",
            ),
        ),
        (Hunt("S7 delete dies at every invocation *"),),
    ),
    Breakage(
        "a Delete that was given up leaves nothing to the sweeper",
        (
            Patch(
                "handler.py",
                "                decide(invocation, request)\n",
                "",
            ),
            Patch("handler.py", "if problem is not None:", "if False:"),
        ),
        (Hunt("S7 delete dies at every invocation before step *"),),
    ),
)
"""At least one hunt of each breakage notices it."""
