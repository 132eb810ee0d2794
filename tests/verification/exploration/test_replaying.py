import pytest

from verification.exploration.fault_matrix import Case, single_faults
from verification.exploration.replaying import name_of_schedule, trace_of
from verification.scenarios.catalog import by_name

SCENARIO = by_name("S4 canceled at step 9, both at once")


def _some_case() -> Case:
    cases = [
        case for case in single_faults([by_name("S1 create, delete")]) if "death after; token forgotten" in case.name
    ]
    return cases[-1]


def test_a_run_is_found_by_the_name_of_its_scenario() -> None:
    assert trace_of(SCENARIO.name).startswith(SCENARIO.name)


def test_its_faults_hit_the_same_calls() -> None:
    case = _some_case()
    assert trace_of(case.name) == case.run().trace()
    assert "<= death after; token forgotten" in trace_of(case.name)


def test_a_pair_of_faults_is_told_apart() -> None:
    case = _some_case()
    ((index, fault),) = case.faults.items()
    name = f"{case.scenario.name} [#{index} {fault.name}, #{index + 3} throttled for a minute]"
    assert trace_of(name).count("<= death after; token forgotten") == 1
    assert "<= throttled for a minute" in trace_of(name)


def test_a_schedule_is_found_by_its_seed() -> None:
    assert trace_of(name_of_schedule(SCENARIO, "0-0-any:0")).startswith(SCENARIO.name)


def test_what_does_not_exist_is_said() -> None:
    with pytest.raises(LookupError, match="no run with the name 'S99'"):
        trace_of("S99")
