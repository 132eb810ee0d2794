from .sections import LIFECYCLE
from .states import diagram


def test_the_diagram_is_that_of_the_table() -> None:
    assert diagram() in LIFECYCLE.read_text(), "run: python -m tests.docs.states --write"
