from benchmarks.footprint.measure import measure, table


def test_the_function_is_measured_while_it_works() -> None:
    before, with_modules, created, deleted = measure()
    assert 0 < before.peak_mib < with_modules.peak_mib < created.peak_mib
    assert 0 < before.cpu_seconds < with_modules.cpu_seconds < created.cpu_seconds
    assert (created.what, deleted.what) == ("after Create", "after Delete")
    assert f"| after Delete | {deleted.peak_mib:.0f} |" in table([deleted])
