"""Breakages of parking and of pools: what is put aside, who gets it back, and when it is released."""

from typing import Final

from .breakage import UNIT_TESTS, Breakage, Hunt, Patch

_CLAIM: Final = "claim.py"
_CLOSING: Final = "lifecycle/closing.py"
_CONVERGING: Final = "lifecycle/converging.py"
_DECISION: Final = "lifecycle/decision.py"
_PARKING: Final = "lifecycle/parking.py"
_SWEEPING: Final = "lifecycle/sweeping.py"
_POOLING: Final = "lifecycle/pooling.py"
_PROVIDER: Final = "lifecycle/provider_resource.py"
_IS_PARKED: Final = "if claim.parked_until > invocation.timing.now() and claim.provisioned:"
_TESTS: Final = (f"{UNIT_TESTS}/lifecycle/test_parking.py",)

PARKING: Final = (
    Breakage(
        "a delayed release is not delayed",
        (Patch(_CLOSING, _IS_PARKED, "if False:"),),
        (Hunt("S35 *"),),
    ),
    Breakage(
        "a number that Connect has not provided is parked",
        (Patch(_CLOSING, _IS_PARKED, "if claim.parked_until:"),),
        unit_tests=_TESTS,
    ),
    Breakage(
        "a parked number keeps its flow",
        (
            Patch(
                _PARKING,
                "        if flow_arn and (state is None or may_have(flow_arn, state)):\n",
                "        if False:\n",
            ),
        ),
        (Hunt("S35 deleted, released when its time is up"),),
    ),
    Breakage(
        "the sweeper never releases a parked number",
        (
            Patch(
                _SWEEPING,
                "[*invocation.ledger.due(now), *invocation.ledger.parked(now)]",
                "[*invocation.ledger.due(now)]",
            ),
        ),
        (Hunt("S35 deleted, released when its time is up"),),
    ),
    Breakage(
        "the sweeper releases a parked number whenever it looks at it",
        (
            Patch(
                _SWEEPING,
                "claim.state is ClaimState.PARKED and claim.parked_until <= now",
                "claim.state is ClaimState.PARKED",
            ),
        ),
        (Hunt("S35 *"),),
    ),
    Breakage(
        "a parked number is given without closing its claim",
        (
            Patch(_DECISION, "            self._change(given)\n", "            pass\n"),
            Patch(_DECISION, "            self.moved.append(given)\n", "            pass\n"),
        ),
        (Hunt("S35 *"),),
    ),
    Breakage(
        "a parked number is given to a resource of any name",
        (
            Patch(
                _PARKING,
                "one.logical_resource_id == other.logical_resource_id and one.stack_name == other.stack_name",
                "bool(one and other)",
            ),
        ),
        unit_tests=_TESTS,
    ),
    Breakage(
        "a parked number is given although it does not satisfy the resource",
        (Patch(_PARKING, " and pair[0].satisfies(specification)]", "]"),),
        (Hunt("S35 destroyed, and deployed again for another kind"),),
    ),
    Breakage(
        "a canceled creation releases the number that it has taken",
        (Patch(_CLAIM, "        until = max(self.taken_until, ", "        until = max(0, "),),
        (Hunt("S35 deployed again, canceled at step *"),),
    ),
    Breakage(
        "a number that was parked once stays so for good",
        (Patch(_DECISION, "return replace(claim, taken_until=0) if has_completed else claim", "return claim"),),
        (Hunt("S35 delay removed in the end"),),
    ),
    Breakage(
        "a deletion that is overtaken goes on to park",
        (Patch(_PARKING, "    if invocation.reread(claim).version != claim.version:\n        raise Conflict\n", ""),),
        unit_tests=_TESTS,
    ),
    Breakage(
        "a canceled creation goes on to change its number",
        (Patch(_CONVERGING, "claim = _still_open(invocation, claim)", "claim = invocation.reread(claim)"),),
        unit_tests=_TESTS,
    ),
    Breakage(
        "a number that was taken is not looked at again",
        (Patch(_SWEEPING, "        if claim.settles_at:\n            claim = _settled(invocation, claim)\n", ""),),
        (Hunt("S35 deletion redelivered at step * while another takes it"),),
    ),
    Breakage(
        "a parked number is not looked at again",
        (
            Patch(
                _SWEEPING,
                "return claim.state is ClaimState.PARKED and (_is_due(",
                "return False and (_is_due(",
            ),
        ),
        unit_tests=_TESTS,
    ),
    Breakage(
        "the provider is deleted although numbers are parked",
        (
            Patch(_PROVIDER, " or _still_parked(ledger.parked())", ""),
            Patch(_PROVIDER, " or _still_parked(left)", ""),
        ),
        (Hunt("S35 provider destroyed while a number is parked"),),
    ),
    Breakage(
        "a number of a pool is given to a resource of no pool",
        (Patch(_PARKING, 'if found and found[0].desired.pool not in ("", pool)', "if found and not found"),),
        (Hunt("S36 asked for by its number without the pool"),),
    ),
    Breakage(
        "a number of a pool is given to a resource of another pool",
        (Patch(_PARKING, "parked is None or parked[0].desired.pool != pool or not", "parked is None or not"),),
        (Hunt("S36 of another pool"),),
    ),
    Breakage(
        "a number of a pool keeps what its last resource has set",
        (Patch(_PARKING, "    if claim.desired.pool and state is not None:\n", "    if False:\n"),),
        (Hunt("S36 *"),),
    ),
    Breakage(
        "nothing is released above a pool's limit",
        (Patch(_SWEEPING, "    _without_stopping(invocation, limit_pools)\n", ""),),
        (Hunt("S36 more than may be parked"),),
    ),
    Breakage(
        "the youngest go first above a pool's limit",
        (Patch(_POOLING, "key=lambda claim: claim.closing_at)", "key=lambda claim: -claim.closing_at)"),),
        (Hunt("S36 more than may be parked"),),
    ),
    Breakage(
        "a pool is deleted although resources have its numbers",
        (Patch(_POOLING, "    return _used(invocation, pool)\n", "    return ''\n"),),
        (Hunt("S36 pool deleted while a number is in use"),),
    ),
    Breakage(
        "a pool is deleted without what is parked in it",
        (Patch(_POOLING, "while claim.state in (ClaimState.PARKED, ClaimState.CLOSING):", "while False:"),),
        (Hunt("S36 pool deleted with what is parked"),),
    ),
    Breakage(
        "a pool that retains its numbers releases them",
        (Patch(_CLOSING, "pool is not None and _is_retained_by(pool, claim) and", "False and"),),
        (Hunt("S36 pool deleted, its numbers retained"),),
    ),
    Breakage(
        "a pool's creation that comes after its cancellation makes a pool",
        (
            Patch(
                _POOLING,
                "            if _is_stale(pool, request, invocation.timing.now()):\n",
                "            if False:\n",
            ),
        ),
        (Hunt("S36 pool's creation canceled"),),
    ),
    Breakage(
        "a parked number is released although a resource has it",
        (
            Patch(_CLOSING, "    if holders:\n", "    if False:\n"),
            # Before each try of the release, it would be asked once more.
            Patch("lifecycle/acknowledging.py", "others = () if claim.is_undone else", "others = () if claim else"),
        ),
        (Hunt("S35 ledger restored *"), Hunt("S35 parked number imported *")),
    ),
    Breakage(
        "a number that is to be parked is moved back because a change after the move was refused",
        (
            Patch(
                "lifecycle/parking.py",
                "            state = invocation.connect.describe(claim.arn) or state\n"
                "            if state.target_arn != bare",
                "            if state.target_arn != bare",
            ),
        ),
        (Hunt("S36 parked at another instance", "connect.UpdatePhoneNumberMetadata", "InvalidParameterException"),),
    ),
    Breakage(
        "a parked number is taken although a resource has it",
        (Patch("lifecycle/claiming.py", "                ensure_free(invocation, claim)\n", "                pass\n"),),
        (Hunt("S35 parked number imported *"),),
    ),
    Breakage(
        "what was named before a number was parked counts",
        (
            Patch(
                "lifecycle/acknowledging.py",
                "since = max(claim.opened_at - CLOCK_DIFFERENCE_SECONDS, claim.earlier_life_until)",
                "since = claim.opened_at - CLOCK_DIFFERENCE_SECONDS",
            ),
        ),
        (Hunt("S35 changed back *"),),
    ),
    Breakage(
        "a number that its stack has retained is released when its time is up",
        (Patch("lifecycle/acknowledging.py", '    if held.status == "DELETE_SKIPPED":\n', "    if False:\n"),),
        (Hunt("S35 retained after its deletion had no response"),),
    ),
    Breakage(
        "a number is moved to where it is parked before its flow is removed",
        (
            Patch(
                _PARKING,
                "    _remove_flow(invocation, claim, state, permit)\n    if claim.desired.pool and state is not None:\n"
                "        reset = _reset(invocation, claim, state, permit)\n",
                "    if claim.desired.pool and state is not None:\n"
                "        reset = _reset(invocation, claim, state, permit)\n"
                "        _remove_flow(invocation, reset, state, permit)\n",
            ),
        ),
        (Hunt("S36 parked at another instance"),),
    ),
    Breakage(
        "a parking target that takes no numbers lets the deletion fail",
        (
            Patch(
                _PARKING,
                "            if bare.target_arn == state.target_arn:\n                raise\n",
                "            raise\n",
            ),
        ),
        (Hunt("S36 parked at another instance that takes no numbers"),),
    ),
    Breakage(
        "a number that only MinParked keeps is released when it is put back",
        (Patch("claim.py", "min(delay, PUT_BACK_SECONDS) if self.desired.pool else 0", "0"),),
        (Hunt("S37 filled, kept beyond the time, taken *"),),
    ),
    Breakage(
        "a deleted pool that retains keeps what was created for it later",
        (Patch(_CLOSING, "claim.claimed_at <= pool.deleted_at + CLOCK_DIFFERENCE_SECONDS", "True"),),
        (Hunt("S36 pool deleted, its numbers retained, *"),),
    ),
    Breakage(
        "a deleted pool retains nothing of which the resource is deleted later",
        (
            Patch(
                _CLOSING,
                "claim.claimed_at <= pool.deleted_at + CLOCK_DIFFERENCE_SECONDS",
                "claim.closing_at <= pool.deleted_at",
            ),
        ),
        (Hunt("S36 pool deleted, its numbers retained, *"),),
    ),
    Breakage(
        "a parked number counts as let go by a stack whose Delete has failed",
        (
            Patch(
                "lifecycle/acknowledging.py",
                "replace(claim, was_let_go=_is_let_go(claim, held))",
                "replace(claim, was_let_go=True)",
            ),
        ),
        (Hunt("S8 delete denied, parked by the sweeper, *"),),
    ),
    Breakage(
        "a number is moved to its parking target although it was retained meanwhile",
        (Patch(_PARKING, "checked(partial(permit, claim))", "checked(lambda: None)"),),
        (Hunt("S36 parked by the sweeper, its move throttled, *"),),
    ),
    Breakage(
        "a claim that was handed over is forgotten while the adoption may be rolled back",
        (Patch("ledger/items.py", "if entry.outcome is Outcome.TRANSFERRED:", "if False:"),),
        (Hunt("S19 rename rolled back after *"),),
    ),
)
