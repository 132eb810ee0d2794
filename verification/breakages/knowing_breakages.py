"""Breakages of what the function must ask, not infer: CloudFormation's state, adoptions, groups, the ledger's reads."""

from typing import Final

from .breakage import UNIT_TESTS, Breakage, Hunt, Patch

_ACKNOWLEDGING: Final = "lifecycle/acknowledging.py"
_DECISION: Final = "lifecycle/decision.py"
_ERRORS: Final = "connect/errors.py"
_GATEWAY: Final = "connect/gateway.py"
_ITEMS: Final = "ledger/items.py"
_LEDGER: Final = "ledger/ledger.py"
_MOVING: Final = "lifecycle/moving.py"
_STACKS: Final = "cloudformation/stacks.py"

KNOWING: Final = (
    Breakage(
        "a Delete of the new number closes the old one, too",
        (
            Patch(
                _DECISION,
                "        self._close_unanswered({named.id})\n",
                "        for other in self._open():\n            self._close(other, '')\n",
            ),
        ),
        (Hunt("S22 replaced, Delete of the new number alone"),),
    ),
    Breakage(
        "an Update that names the new number after its Delete is refused",
        (
            Patch(
                _DECISION,
                "found = self._found_for_update(named if is_open else None, desired)",
                "found = self._found_for_update(named, desired) if is_open else None",
            ),
        ),
        (Hunt("S22 replaced, Delete of the new number, then *"),),
    ),
    Breakage(
        "a later request closes numbers that CloudFormation knows",
        (
            Patch(
                _DECISION,
                "if claim.id not in kept and claim.state is ClaimState.OPENING and not self._is_older_than(claim):",
                "if claim.id not in kept and not self._is_older_than(claim):",
            ),
        ),
        (Hunt("S24 *"),),
    ),
    Breakage(
        "a number from before a replacement is taken up again outside a rollback",
        (Patch(_DECISION, "            if state.is_rolling_back:\n", "            if matching:\n"),),
        (Hunt("S24 replaced and retained, then replaced back *"),),
    ),
    Breakage(
        "a Create takes up a number that was retained",
        (
            Patch(
                _DECISION,
                "for claim, is_disowned in asked if is_disowned)",
                "for claim, is_disowned in asked if claim or is_disowned)",
            ),
        ),
        (Hunt("S24 retained, new creation rolled back *"),),
    ),
    Breakage(
        "a number that CloudFormation has not acknowledged is taken for one that it does not know",
        (Patch(_DECISION, "        return None if named is None else not named\n", "        return True\n"),),
        (Hunt("S24 retained, new creation *"),),
    ),
    Breakage(
        "what CloudFormation never took note of is kept for ever",
        (
            Patch(
                _ACKNOWLEDGING,
                'return claim.close("CloudFormation never took note of its response", now)',
                "return _later(invocation, claim)",
            ),
        ),
        (Hunt("S25 *, then the stack is deleted"),),
    ),
    Breakage(
        "what CloudFormation no longer knows is asked of it for ever",
        (
            Patch(
                _ACKNOWLEDGING,
                "is_forgotten = has_named is None and _is_forgotten(invocation, claim)",
                "is_forgotten = False",
            ),
        ),
        (Hunt("S22 replacement not heard, nothing is sent, CloudFormation not readable for 95 days"),),
    ),
    Breakage(
        "a number of a forgotten stack is released although it may be retained",
        (Patch(_ACKNOWLEDGING, "if not held.status and not (", "if False and not ("),),
        (Hunt("S8 delete denied, the stack deleted without the number and forgotten, *"),),
    ),
    Breakage(
        "a number that its resource does not have is closed without asking whether it ever had it",
        (
            Patch(
                _ACKNOWLEDGING,
                "    has_named = was_named(invocation.stacks.at_once, claim)\n",
                "    has_named = False\n",
            ),
        ),
        (Hunt("S24 retained, logical id used *"),),
    ),
    Breakage(
        "a deployment that may be tried again is not waited for",
        (
            Patch(
                _ACKNOWLEDGING,
                "return state is None or state.is_in_progress or state.may_be_retried",
                "return state is None or state.is_in_progress",
            ),
        ),
        (Hunt("S25 *, then tried again hours later"),),
    ),
    Breakage(
        "an adoption that was not seen complete is released",
        (Patch(_DECISION, "        if claim.established:\n", "        if claim.arn:\n"),),
        (Hunt("S23 adopted*"),),
    ),
    Breakage(
        "only the nested stack is asked whether it is complete, not its root",
        (
            Patch(
                _STACKS,
                "status not in ended for status in (self.status, self.root_status))",
                "status not in ended for status in (self.status,))",
            ),
        ),
        (Hunt("S23 adopted in a nested stack, deleted by its root's rollback"),),
    ),
    Breakage(
        "an adoption is complete as soon as its resource is",
        (Patch(_ACKNOWLEDGING, "if state is not None and state.is_complete and is_in_place:", "if is_in_place:"),),
        (Hunt("S23 adopted, root's deployment goes on for hours*"),),
    ),
    Breakage(
        "the decision to give a number back does not stand",
        (
            Patch(
                _DECISION,
                "        if named.is_open:\n            is_undone",
                "        if named.state is not ClaimState.CLOSED:\n"
                "            named = replace(named, established=named.failures > 0)\n            is_undone",
            ),
        ),
        (Hunt("S23 adoption rollback denied, then the stack deleted"),),
    ),
    Breakage(
        "a number that another resource of the stack still has is released",
        (Patch(_DECISION, "            if is_held is not False:\n", "            if is_held is None:\n"),),
        (Hunt("S19 adopted in its stack, which keeps *"),),
    ),
    Breakage(
        "nobody reads which flow a number had before its adoption",
        (
            Patch(
                "lifecycle/converging.py",
                "    if before is None or claim.is_flow_before_known:\n",
                "    if before is None or claim:\n",
            ),
        ),
        (Hunt("S23 adopted with a flow, *"), Hunt("S23 adopted with everything, *")),
    ),
    Breakage(
        "numbers of a group are looked for without their group",
        (
            Patch(
                _GATEWAY,
                "        if rules.instance_id_of(target_arn) is None:\n            try",
                "        if not target_arn:\n            try",
            ),
        ),
        (Hunt("S27 create in a group canceled*"), Hunt("S27 adopted *")),
    ),
    Breakage(
        "a group that is being created is not waited for",
        (Patch(_GATEWAY, '== "CREATION_IN_PROGRESS")', '== "")'),),
        (Hunt("S27 * that is not active yet"),),
    ),
    Breakage(
        "an item that cannot be read ends the sweep",
        (
            Patch(
                _LEDGER,
                "except (TypeError, ValueError, KeyError, AttributeError) as error:",
                "except OSError as error:",
            ),
        ),
        (Hunt("S28 an item *"),),
    ),
    Breakage(
        "a claim that cannot be handled ends the sweep",
        (
            Patch(
                "lifecycle/sweeping.py",
                "    except Exception as error:\n        # An unexpected",
                "    except OSError as error:\n        # An unexpected",
            ),
        ),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_sweeping.py",),
    ),
    Breakage(
        "a number that another resource has is adopted",
        (Patch("lifecycle/adopting.py", "if holder not in (claim.resource, *known):", "if False:"),),
        (Hunt("S19 renamed twice in one stack"), Hunt("S29 renamed without an event, adopted elsewhere")),
    ),
    Breakage(
        "the provider is let go although a renamed resource needs it",
        (Patch("lifecycle/acknowledging.py", "return invocation.stacks.holders(claim.arn) != ()", "return False"),),
        (Hunt("S29 renamed without an event, the provider destroyed"),),
    ),
    Breakage(
        "what Connect did not show at first is nobody's",
        (Patch("lifecycle/requests.py", "        if has_moved:\n", "        if False:\n"),),
        (Hunt("S29 moved without an event, not found twice, deleted"),),
    ),
    Breakage(
        "a number that was moved without an event is nobody's",
        (
            Patch(
                _MOVING,
                "return here.physical_id == arn and not is_held_there",
                "return False",
            ),
        ),
        (Hunt("S29 *"),),
    ),
    Breakage(
        "a number belongs to whichever resource names it",
        (
            Patch(
                _MOVING,
                "return here.physical_id == arn and not is_held_there",
                "return True",
            ),
        ),
        (Hunt("S19 *"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_moving.py",),
    ),
    Breakage(
        "every refusal of a claim is a lost race",
        (
            Patch(
                _ERRORS,
                'return _NO_DIGITS.sub("", phone_number) in _NO_DIGITS.sub("", self.service_message)',
                "return bool(phone_number)",
            ),
        ),
        (Hunt("S31 every claim refused *"),),
    ),
    Breakage(
        "a lost race is known by its words, not by its number",
        (
            Patch(
                _ERRORS,
                'return _NO_DIGITS.sub("", phone_number) in _NO_DIGITS.sub("", self.service_message)',
                'return "not available" in self.service_message and bool(phone_number)',
            ),
        ),
        (Hunt("S31 every claim refused *"),),
    ),
    Breakage(
        "a 4xx from the response URL counts as taken",
        (
            Patch(
                "cloudformation/response.py",
                '        problem = f"HTTP status {status}"\n',
                '        problem = f"HTTP status {status}"\n        if 400 <= status < 500:\n            return\n',
            ),
        ),
        (Hunt("S20 response 400 once"),),
    ),
    Breakage(
        "the claims of a resource are read before its resource_entry",
        (
            Patch(
                _LEDGER,
                "        resource_item, request_item, first_item =",
                "        seen = [c for c in self.unfinished_or_live() if isinstance(c, Claim) and c.resource == key]\n"
                "        resource_item, request_item, first_item =",
            ),
            Patch(_LEDGER, "None, _by_id([first_item]))", "None, {c.id: c for c in seen})"),
            Patch(_LEDGER, "None, _by_id(items))", "None, {c.id: c for c in seen})"),
        ),
        (Hunt("S26 *"),),
    ),
    Breakage(
        "requests are forgotten after 45 minutes",
        (Patch(_ITEMS, "REQUEST_KEPT_SECONDS: Final = 14 * _DAY", "REQUEST_KEPT_SECONDS: Final = 2700"),),
        (Hunt("S15 *"),),
    ),
    Breakage(
        "closed claims are forgotten after a minute",
        (Patch(_ITEMS, "CLAIM_KEPT_SECONDS: Final = 200 * _DAY", "CLAIM_KEPT_SECONDS: Final = 60"),),
        (Hunt("S7 delete dies, *"),),
    ),
    Breakage(
        "closed claims are forgotten before they no longer count",
        (Patch(_ITEMS, "CLAIM_KEPT_SECONDS: Final = 200 * _DAY", "CLAIM_KEPT_SECONDS: Final = 165 * _DAY"),),
        (Hunt("S34 used up, and free again after 180 days"),),
    ),
    Breakage(
        "deleted pools are forgotten after a day",
        (
            Patch(
                _ITEMS, "DELETED_POOL_KEPT_SECONDS: Final = 400 * _DAY", "DELETED_POOL_KEPT_SECONDS: Final = 1 * _DAY"
            ),
        ),
        (Hunt("S36 pool deleted, *"),),
    ),
    Breakage(
        "what another version has written cannot be read",
        (Patch(_ITEMS, "            if name in decoders\n", ""),),
        (Hunt("S30 *"),),
    ),
    Breakage(
        "what a claim was opened with is known by the form of a class",
        (
            Patch(
                "claim.py",
                "return sha256(json.dumps(given, sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:32]",
                "return sha256((repr(self) + str(given)).encode()).hexdigest()[:32]",
            ),
        ),
        unit_tests=(f"{UNIT_TESTS}/test_claim.py", "-k", "digest"),
    ),
    Breakage(
        "the provider is let go on the word of an index that lags behind",
        (
            Patch(
                "lifecycle/provider_resource.py",
                "left = list(invocation.ledger.unfinished_or_live())",
                "left = list(invocation.ledger.due(None))",
            ),
        ),
        (Hunt("S21 provider destroyed at once *"),),
    ),
    Breakage(
        "a postponement makes due work younger",
        (
            Patch(
                "lifecycle/closing.py",
                "            next_check_at=invocation.timing.now() + pause,\n",
                "            next_check_at=invocation.timing.now() + pause,\n"
                "            due_since=invocation.timing.now() + pause,\n",
            ),
        ),
        unit_tests=("tests/infrastructure/test_alarms_ring.py", "-k", "postponed"),
    ),
    Breakage(
        "a number that its stack was deleted without is released later",
        (
            Patch(
                "lifecycle/acknowledging.py",
                "if claim.state is not ClaimState.CLOSING or not claim.arn:",
                "if claim:",
            ),
        ),
        (Hunt("S8 delete denied, then the stack deleted *"),),
    ),
    Breakage(
        "tags are put on a number without the provider's own",
        (
            Patch(
                "lifecycle/context.py",
                "{**tags, contract.PROVIDER_TAG: self.scope.provider_id}",
                "dict(tags)",
            ),
        ),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_context.py",),
    ),
    Breakage(
        "a request asks CloudFormation before that shows what was done",
        (Patch("cloudformation/stacks.py", "SETTLING_SECONDS: Final = 30", "SETTLING_SECONDS: Final = 0"),),
        (Hunt("S22 replaced, the Update, then the Delete, stacks shown late"),),
    ),
    Breakage(
        "a release that has failed is repeated without asking who has the number now",
        (
            Patch(
                "lifecycle/acknowledging.py",
                "others = () if claim.is_undone else tuple(",
                "others = () if claim else tuple(",
            ),
        ),
        (Hunt("S13 removed, its Delete abandoned, imported elsewhere"),),
    ),
    Breakage(
        "the number of a canceled creation is released without asking who has it now",
        (
            Patch(
                "lifecycle/acknowledging.py",
                "if claim.state is not ClaimState.CLOSING or not claim.arn:",
                "if claim.state is not ClaimState.CLOSING or not claim.acknowledged:",
            ),
        ),
        (Hunt("S8 creation failed, its release denied, imported elsewhere"),),
    ),
    Breakage(
        "the removal of what was replaced hides that a deployment has succeeded",
        (
            Patch(
                "cloudformation/stacks.py",
                '            if event.get("PhysicalResourceId") != physical_id:\n                # For',
                '            if event.get("ResourceStatus") in _LET_GO:\n                break\n'
                '            if event.get("PhysicalResourceId") != physical_id:\n                # For',
            ),
        ),
        unit_tests=(f"{UNIT_TESTS}/cloudformation/test_stacks.py",),
    ),
    Breakage(
        "only the first resources of a stack are looked through",
        (Patch("cloudformation/stacks.py", "is_cut_off = len(found) >= _MOST_DESCRIBED", "is_cut_off = False"),),
        unit_tests=(f"{UNIT_TESTS}/cloudformation/test_stacks.py",),
    ),
    Breakage(
        "a resource that CloudFormation does not show yet counts as one that has lost its number",
        (Patch("lifecycle/moving.py", "owner.opened_at + SHOWN_AFTER_SECONDS", "owner.opened_at"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_moving.py",),
    ),
    Breakage(
        "a number is given up for the deletion of its own resource, which is not shown yet",
        (Patch("lifecycle/owners.py", "claim.closing_at + SHOWN_AFTER_SECONDS", "claim.closing_at"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_pooling.py", "-k", "has_just_parked"),
    ),
    Breakage(
        "a decision waits for CloudFormation longer than CloudFormation waits for the response",
        (Patch("cloudformation/stacks.py", "suppress(TimedOut)", "suppress(ZeroDivisionError)"),),
        unit_tests=(f"{UNIT_TESTS}/cloudformation/test_stacks.py",),
    ),
    Breakage(
        "a number counts as done while its description is being changed",
        (
            Patch(
                "lifecycle/converging.py",
                'is None or changed.status == "IN_PROGRESS":',
                "is None:",
            ),
        ),
        (Hunt("S10 description that takes a while, *", must_succeed=True),),
    ),
    Breakage(
        "what is no longer desired is set after a wait",
        (
            Patch(
                "lifecycle/converging.py",
                "                if claim.desired != desired:\n",
                "                if False:\n",
            ),
        ),
        (Hunt("S14 one Update as two requests, the first counts, its description slow"),),
    ),
    Breakage(
        "a change is taken for undone because Connect still shows what was there before",
        (
            Patch(
                "claim.py",
                "asked_before=self.asked_so_far,",
                "asked_before=(),",
            ),
        ),
        (Hunt("S10 * changed back at once, shown late"),),
    ),
    Breakage(
        "an adopted number is taken to have what Connect still shows of its last owner",
        (Patch("lifecycle/converging.py", "return claim.is_adopted and not claim.is_applied", "return False"),),
        (Hunt("S19 changed, then renamed at once *, shown late"),),
    ),
    Breakage(
        "a number of a pool is taken to have what Connect still shows of its last owner",
        (
            Patch(
                "claim.py",
                "asked_before=(Settings(parked.desired.target_arn),) if parked.desired.pool else parked.asked_so_far,",
                "asked_before=(),",
            ),
        ),
        (Hunt("S36 two stacks and one parked number, shown late"),),
    ),
    Breakage(
        "only tags that Connect shows are removed from a number that is parked",
        (
            Patch(
                "lifecycle/converging.py",
                "for key in claim.applied_tags if key not in tags]",
                "for key in claim.applied_tags if key not in tags and key in state.tags]",
            ),
        ),
        (Hunt("S36 environments come and go, shown late"),),
    ),
    Breakage(
        "a description is removed from a number that is parked only if Connect shows it",
        (Patch("lifecycle/converging.py", 'one.description not in ("", before.description)', "False"),),
        (Hunt("S36 environments come and go, shown late"),),
    ),
    Breakage(
        "an adoption is rolled back only if Connect shows its tags",
        (
            Patch(
                "lifecycle/adoption_rollback.py",
                "if owner is None or owner.claim_id != claim.id or provider",
                "if owner is not None or provider",
            ),
        ),
        (Hunt("S23 adoption rollback denied, abandoned, shown late"),),
    ),
    Breakage(
        "a number is taken to be where Connect shows it while a move may still be on its way",
        (
            Patch(
                "lifecycle/converging.py",
                "is_elsewhere or (len(claim.targets) > 1 and not is_settled)",
                "is_elsewhere",
            ),
            Patch("lifecycle/converging.py", "return is_elsewhere or bool(claim.targets)", "return is_elsewhere"),
        ),
        (Hunt("S10 target that is not shown in time, *"),),
    ),
    Breakage(
        "a move that is under way is begun anew each time",
        (
            Patch(
                "lifecycle/converging.py",
                "(len(claim.targets) > 1 and not is_settled)",
                "(len(claim.targets) > 1 and is_settled in (True, False, 0))",
            ),
        ),
        (Hunt("S23 adopted by a move of minutes, rolled back"),),
    ),
    Breakage(
        "any move that is under way is taken for the one that is wanted",
        (
            Patch(
                "lifecycle/converging.py",
                'if claim.moved_at and state.status == "IN_PROGRESS":',
                'if state.status == "IN_PROGRESS":',
            ),
        ),
        (Hunt("S10 move of minutes rolled back, *"),),
    ),
    Breakage(
        "a number is as desired where Connect shows it, whatever moves were begun",
        (
            Patch(
                "lifecycle/converging.py",
                "        and not _must_move(invocation, claim, state, desired)\n",
                "",
            ),
        ),
        (Hunt("S10 target of before asked for again, *"),),
    ),
    Breakage(
        "a call that may take effect later is abandoned",
        (Patch(_GATEWAY, "not (was_uncertain and operation not in _FLOW_CHANGES)", "True"),),
        (Hunt("S12 rolled back while a move has no response"),),
    ),
    Breakage(
        "what people have set on a number counts as left by the adoption of it",
        (
            Patch("claim.py", "if key not in by_hand]", "]"),
            Patch("claim.py", '(adopter.applied_flow_arn if is_flow_left else "")', "adopter.applied_flow_arn"),
        ),
        (Hunt("S19 rename rolled back in part, then its owner updated, tagged by hand"),),
    ),
    Breakage(
        "a rollback that was throttled sets what its owner has changed since",
        (
            Patch(
                "lifecycle/closing.py",
                "    if invocation.reread(claim).state is not ClaimState.CLOSING:\n        raise Conflict\n",
                "    return\n",
            ),
        ),
        (Hunt("S19 rename rolled back while its description is throttled, *"),),
    ),
    Breakage(
        "a number that is handed back early counts as restored",
        (Patch(_DECISION, "named.take_back_unrestored(moved.claim)", "named.take_back()"),),
        (Hunt("S19 rename rolled back in part, *"),),
    ),
    Breakage(
        "a stack that is not shown yet counts as forgotten",
        (Patch(_ACKNOWLEDGING, "claim.opened_at + _REMEMBERED_SECONDS:", "0:"),),
        unit_tests=(f"{UNIT_TESTS}/lifecycle/test_acknowledging.py",),
    ),
    Breakage(
        "a parked number is kept because its stack is forgotten",
        (Patch(_ACKNOWLEDGING, "not (claim.was_let_go or ", "not ("),),
        (Hunt("S35 parked for months, *"),),
    ),
    Breakage(
        "a change that was throttled is made although another one is desired by now",
        (Patch(_GATEWAY, "if retry and not (", "if retry and False and not ("),),
        (Hunt("S36 parked by the sweeper, its move throttled, *"), Hunt("S19 rename rolled back while *")),
    ),
    Breakage(
        "a flow call that is done after a rollback counts as undone",
        (Patch("lifecycle/converging.py", "        _set_again(invocation, claim, flow_arn)\n", ""),),
        (Hunt("S12 rolled back while the call for * stands still"),),
    ),
    Breakage(
        "a move that was refused once counts as not needed",
        (Patch("lifecycle/converging.py", "SURELY_REFUSED: Final = 2", "SURELY_REFUSED: Final = 1"),),
        (Hunt("S10 target that is not shown in time, *", "connect.UpdatePhoneNumber", "InvalidParameterException"),),
    ),
    Breakage(
        "only the request before the last is known to have changed a number",
        (Patch("claim.py", "before = () if self.is_applied else self.asked_before", "before = ()"),),
        (Hunt("S10 settings of before asked for again, *"),),
    ),
    Breakage(
        "an adopted number goes back to what Connect still shows of it",
        (Patch("lifecycle/adopting.py", "_with_settings_of(invocation, changed, previous),", "changed,"),),
        (Hunt("S19 updated, renamed at once, rolled back"),),
    ),
    Breakage(
        "an adoption that was rolled back is rolled back again over what its owner has changed",
        (
            Patch(
                "lifecycle/adoption_rollback.py",
                "if previous.sent_at is None or not 0 < claim.deletion_sent_at < previous.sent_at:",
                "if previous:",
            ),
        ),
        (Hunt("S19 rename rolled back, its owner updated *"),),
    ),
    Breakage(
        "a refusal to tag proves that an adoption has changed nothing",
        (Patch("lifecycle/adoption_rollback.py", "refusals = () if claim.is_applied else (", "refusals = ("),),
        (Hunt("S23 adopted, tagging denied *"),),
    ),
)
"""At least one hunt of each breakage notices it."""
