import pytest

from benchmarks.peers.compare import DOUBLE, LEAKS, RESPONSES, TOKENS, compare, kinds_of, play, scenarios, table
from verification.scenarios.catalog import by_name
from verification.simulator.faults import faults_of

PEERS = ("plain boto3", "crhelper style", "CDK provider framework style")


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    "name",
    [
        "S1 create, delete",
        "S1 a chosen number",
        "S1 create with everything, delete",
        "S5 no numbers",
        "S10 description",
        "S10 flow",
        "S10 target",
        "S10 tags removed",
        "S11 replacement",
        "S16 chosen number lost",
        "S18 two stacks at the same time",
    ],
)
def test_a_peer_does_what_it_is_made_for(peer: str, name: str) -> None:
    world, violations = play(peer, by_name(name), {})
    assert kinds_of(world, violations) == set(), violations


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_waits_out_what_boto3_waits_out(peer: str) -> None:
    scenario = by_name("S1 create, delete")
    world, _ = play(peer, scenario, {})
    claim = next(call for call in world.wire.calls if call.operation == "ClaimPhoneNumber")
    faults = {fault.name: fault for fault in faults_of(claim)}
    for name in ("InternalServiceException", "no response, but done", "no response, not done", "ThrottlingException"):
        world, violations = play(peer, scenario, {claim.index: faults[name]})
        assert kinds_of(world, violations) == set(), (name, violations)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("S2 create twice, at the same time", {LEAKS, DOUBLE}),
        ("S4 canceled at step 0, create goes on much later", {LEAKS}),
        ("S6 delete twice, one after the other", {TOKENS}),
        ("S3 create dies at every invocation before step 0", {RESPONSES}),
    ],
)
def test_what_a_peer_breaks_is_seen(peer: str, name: str, kinds: set[str]) -> None:
    world, violations = play(peer, by_name(name), {})
    assert kinds_of(world, violations) >= kinds


def test_the_handler_breaks_nothing_without_faults() -> None:
    score = compare("this handler", whole=False, with_faults=False)
    assert score.cases == len(tuple(scenarios(whole=False)))
    assert score.broken == 0
    assert "| any violation | 0 (0.0%) |" in table({"this handler": score})


def test_an_unknown_violation_is_no_result() -> None:
    world, _ = play("this handler", by_name("S1 create, delete"), {})
    with pytest.raises(ValueError, match="Never quiet"):
        kinds_of(world, ["Never quiet: something is still due"])
