import pytest

from tests.unit.lambda_handlers.connect_phone_number.world import World


@pytest.fixture
def world() -> World:
    return World()
