from docs.tools.sections import LIFECYCLE
from docs.tools.states import diagram


def test_the_diagram_is_that_of_the_table() -> None:
    assert diagram() in LIFECYCLE.read_text(), "run: python -m docs.tools.states --write"
