"""The docstrings that the reference is built from are whole."""

import inspect
import re
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest

import cdk_connect_phone_number as library
from docs.tools.pages import ROOT

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
        (library.PhoneNumberDashboard.__doc__, library.PhoneNumberDashboard.__init__),
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


def test_the_page_lists_every_public_name_and_says_what_is_stable() -> None:
    page = (ROOT / "docs" / "reference.md").read_text()
    overview, _, rest = page.partition("\n## ")

    assert set(re.findall(r"`(\w+)`(?=[^|]*\]\(#)", overview)) == set(library.__all__)
    assert "\n## What is stable\n" in rest
