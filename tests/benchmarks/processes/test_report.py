import io
import zipfile

from benchmarks.processes.report import Comparison, asset_bytes, start, synth


def test_whole_processes_are_compared() -> None:
    found = start(runs=1)

    assert found.own > 0.1, "boto3 alone takes longer to import"
    assert found.other > 0.1
    assert found.ratio == found.own / found.other


def test_both_apps_can_be_synthesized() -> None:
    found = synth(runs=1, count=2)

    assert found.own > found.other > 0.5
    assert "2 `PhoneNumber`" in found.what


def test_a_row_shows_the_goal() -> None:
    assert Comparison("x", 3.0, 2.0, 1.25).line() == "| x | 3.00 | 2.00 | 1.50 | 1.25 |"


def test_the_package_has_code_only() -> None:
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w"):
        pass

    assert empty.tell() < asset_bytes() < 256 * 1024
