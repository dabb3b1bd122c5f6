"""Public names: each module says what it is for and what it offers, and each name has one home."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import pytest

import kick_io
import kick_proto

PACKAGES = (kick_proto, kick_io)
FOUND = [found for package in PACKAGES for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
PUBLIC = [found for found in FOUND if not any(part.startswith("_") for part in found.name.split("."))]
MODULES = [found.name for found in PUBLIC if not found.ispkg]


def load(name: str) -> ModuleType:
    """Import a module, or skip the test where an optional library that it needs is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing in {package.__name__ for package in PACKAGES}:
            raise
        pytest.skip(f"{name} needs {missing}, which is not installed")


def offered(module: ModuleType) -> dict[str, Any]:
    return {name: getattr(module, name) for name in module.__all__}


def test_the_walk_finds_the_modules_of_both_packages() -> None:
    assert {"kick_proto.machine", "kick_proto.decoders.support"} <= set(MODULES)
    assert {"kick_proto.testing", "kick_io.cli"} <= {found.name for found in PUBLIC if found.ispkg}


@pytest.mark.parametrize("name", [package.__name__ for package in PACKAGES] + [found.name for found in PUBLIC])
def test_a_module_says_what_it_is_for(name: str) -> None:
    assert (load(name).__doc__ or "").strip()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_lists_what_it_offers_and_has_all_of_it(name: str) -> None:
    module = load(name)
    assert module.__all__
    assert len(set(module.__all__)) == len(module.__all__)
    assert [each for each in module.__all__ if not hasattr(module, each)] == []
    assert [each for each in module.__all__ if each.startswith("_")] == []


@pytest.mark.parametrize("name", MODULES)
def test_every_class_and_function_that_is_offered_has_a_docstring_of_its_own(name: str) -> None:
    documented = {
        each: one for each, one in offered(load(name)).items() if inspect.isclass(one) or inspect.isroutine(one)
    }
    assert [each for each, one in documented.items() if not (one.__doc__ or "").strip()] == []


@pytest.mark.parametrize("name", MODULES)
def test_every_class_and_function_that_is_offered_is_at_home_where_it_is_offered(name: str) -> None:
    homes = {
        each: one.__module__
        for each, one in offered(load(name)).items()
        if inspect.isclass(one) or inspect.isroutine(one)
    }
    assert {each: home for each, home in homes.items() if home != name} == {}
