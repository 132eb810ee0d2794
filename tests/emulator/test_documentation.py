"""The example in the package's docstring works as written."""

import doctest

from local_aws import connect_emulator


def test_example() -> None:
    result = doctest.testmod(connect_emulator)
    assert result.attempted > 10
    assert result.failed == 0
