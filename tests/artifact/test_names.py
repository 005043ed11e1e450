"""The list of names that may be loaded."""

from __future__ import annotations

import inspect
import sys
from importlib.resources import files

import pytest
from sklearn.utils import all_estimators

from sparring.artifact import Name
from sparring.artifact.machine import Use
from sparring.artifact.names import Allowed, never
from sparring.artifact.unpickle import resolve

SHIPPED = Allowed.shipped()
# looked at one by one: data types, and the stand-ins of stand_ins.py
FROM_STANDARD_LIBRARY = {
    *("_codecs:encode", "builtins:bool", "builtins:bytearray", "builtins:bytes", "builtins:complex", "builtins:dict"),
    *("builtins:float", "builtins:frozenset", "builtins:getattr", "builtins:int", "builtins:list", "builtins:object"),
    *("builtins:range", "builtins:set", "builtins:slice", "builtins:str", "builtins:tuple", "collections:Counter"),
    *("collections:OrderedDict", "collections:defaultdict", "copyreg:_reconstructor", "functools:partial"),
}


def test_nothing_slips_in_from_the_standard_library():
    found = {str(name) for name in SHIPPED.uses if name.module.split(".")[0] in sys.stdlib_module_names}
    assert found == FROM_STANDARD_LIBRARY


def test_sorted_and_without_repeats():
    lines = files("sparring.artifact").joinpath("allowed.txt").read_text().splitlines()
    pairs = [line.split()[1] for line in lines if line and not line.startswith("#")]
    assert pairs == sorted(set(pairs))


def test_exact_names_only():
    for name in SHIPPED.uses:
        assert "." not in name.name
        assert "*" not in str(name)


@pytest.mark.parametrize("pair", [("builtins", "getattr"), ("functools", "partial"), ("numpy", "memmap")])
def test_stand_ins_may_only_be_pointed_at(pair):
    assert SHIPPED.level(Name(*pair)) == Use.NAME


def test_all_estimators_are_on_it():
    missing = [
        kind.__name__
        for _, kind in all_estimators()
        if SHIPPED.level(Name(kind.__module__, kind.__qualname__)) < Use.NEW and not inspect.isabstract(kind)
    ]
    assert missing == []


def test_most_names_exist():
    """Some are of other versions; most must be found, and no module may be among them."""
    lost = []
    for name in SHIPPED.uses:
        try:
            resolve(name, added=False)
        except (ImportError, AttributeError):
            lost.append(str(name))
    assert len(lost) < 40, lost


def test_names_of_older_versions():
    assert SHIPPED.level(Name("numpy.core.multiarray", "_reconstruct")) == Use.CALL
    assert SHIPPED.level(Name("numpy.core.multiarray", "fromfile")) == 0


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("os", "system"), True),
        (("os.path", "join"), True),
        (("osmium", "thing"), False),
        (("mypackage", "Model"), False),
        (("mypackage", "eval"), True),
        (("mypackage", "os.system"), True),
        (("mypackage", "f.__globals__"), True),
        (("numpy.testing._private.utils", "runstring"), True),
        (("numpy.testingground", "f"), False),
        (("__main__", "f"), False),
        (("sklearn.datasets", "load_iris"), True),
    ],
)
def test_never(pair, expected):
    assert never(Name(*pair)) is expected


def test_adding_changes_no_other_list():
    SHIPPED.with_added(("mypackage:Model",))
    assert Allowed.shipped().level(Name("mypackage", "Model")) == 0
