"""The reference pages are built from the docstrings without a warning, and the docstrings are whole."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest
from pdoc.__main__ import cli as build

import cdk_connect_phone_number as library
from docs.tools.pages import ROOT

# The pages are built once, so one worker has to run all tests.
pytestmark = pytest.mark.xdist_group("reference")

PUBLIC: dict[str, type] = {name: getattr(library, name) for name in library.__all__}


def own_members() -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that the library's own classes add, with their names."""
    for class_name, documented in PUBLIC.items():
        for owner in documented.__mro__:
            if not owner.__module__.startswith(library.__name__):
                continue
            for name, member in vars(owner).items():
                if not name.startswith("_") and isinstance(member, property | staticmethod | FunctionType):
                    yield f"{class_name}.{name}", member


def documented_parameters(docstring: str) -> set[str]:
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S+\n-+\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\*?(\w+)(?: :|$)", section[1], re.MULTILINE)) if section else set()


def parameters(called: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(called).parameters) - {"self"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """Build the pages as ``make docs`` does; return the text of them all, and the warnings."""
    folder = tmp_path_factory.mktemp("reference")
    (arguments,) = re.findall(r"-m pdoc (.*)", (ROOT / "Makefile").read_text())
    with warnings.catch_warnings(record=True) as caught, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PDOC_ALLOW_EXEC", "1")
        patch.chdir(ROOT)
        warnings.simplefilter("always")
        build([*arguments.split(), "--output-directory", str(folder)])
    text = "".join(page.read_text() for page in folder.rglob("*.html"))
    return text, [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)]


def test_the_pages_are_built_without_a_warning(built: tuple[str, list[str]]) -> None:
    _, caught = built

    assert caught == []


def test_the_pages_have_every_public_name(built: tuple[str, list[str]]) -> None:
    text, _ = built
    expected = {*PUBLIC, *(name for name, _ in own_members())}

    assert {name for name in expected if f'id="{name}"' not in text} == set()


def test_the_links_in_the_pages_are_whole(built: tuple[str, list[str]]) -> None:
    text, _ = built

    assert "https: //" not in re.sub(r"<[^>]+>", "", text)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_docstring_of_its_own(name: str) -> None:
    assert "__doc__" in vars(PUBLIC[name])
    assert inspect.getdoc(PUBLIC[name])


@pytest.mark.parametrize(("name", "member"), list(own_members()))
def test_every_public_member_is_documented(name: str, member: Any) -> None:
    assert inspect.getdoc(member), name


@pytest.mark.parametrize(
    ("docstring", "called"),
    [
        (library.PhoneNumber.__doc__, library.PhoneNumber.__init__),
        (library.PhoneNumberProvider.__doc__, library.PhoneNumberProvider.__init__),
        *(
            (called.__doc__, called)
            for called in (
                library.PhoneNumber.from_phone_number_arn,
                library.PhoneNumber.grant,
                library.PhoneNumberProvider.from_service_token,
                library.PhoneNumberProvider.from_ssm_parameter,
                library.PhoneNumberProvider.from_provider_attributes,
                library.PhoneNumberProvider.set_default,
                library.PhoneNumberProvider.of,
                library.PhoneNumberProvider.grant_invoke,
            )
        ),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_the_parameters_are_documented_all_and_only(docstring: str, called: Callable[..., Any]) -> None:
    assert documented_parameters(inspect.cleandoc(docstring)) == parameters(called)
