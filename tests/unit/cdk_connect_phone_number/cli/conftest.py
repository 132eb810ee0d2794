import pytest

from tests.unit.lambda_handlers.connect_phone_number.world import World

from .aws import Aws


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def aws(world: World) -> Aws:
    return Aws(world)
