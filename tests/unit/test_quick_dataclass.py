"""A quick dataclass is one of `dataclasses`, before and after its methods are compiled."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from strmctl import quick_dataclass

OFTEN = 300
"""Uses after which every method is compiled."""


def thing(decorated: Any, **options: Any) -> Any:
    @decorated(**options)
    class Thing:
        """What both make alike."""

        kind: ClassVar[str] = "thing"
        name: str
        secret: str = dataclasses.field(default="", repr=False)
        parts: list[int] = dataclasses.field(default_factory=list)
        seen: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)
        length: int = dataclasses.field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

        def __setitem__(self, key: str, value: int) -> None:
            self.seen[key] = value

    return Thing


KINDS = [
    pytest.param({"frozen": True, "slots": True}, id="frozen, slots"),
    pytest.param({"slots": True}, id="slots"),
    pytest.param({"frozen": True}, id="frozen"),
    pytest.param({}, id="plain"),
    pytest.param({"frozen": True, "slots": True, "eq": False}, id="by identity"),
    pytest.param({"frozen": True, "slots": True, "weakref_slot": True}, id="weakly referable"),
]


def assigned(it: Any) -> Any:
    it.name = "other"
    return it.name


def deleted(it: Any) -> Any:
    del it.secret
    return hasattr(it, "secret")


ASKED: dict[str, Callable[[Any], object]] = {
    "given by place": lambda make: dataclasses.astuple(make("a", "s", [1], {"b": 1})),
    "given by name": lambda make: dataclasses.asdict(make(secret="s", name="a")),
    "both": lambda make: dataclasses.asdict(make("a", parts=[2])),
    "a list of its own": lambda make: make("a").parts is make("a").parts,
    "too little": lambda make: make(),
    "too much": lambda make: make("a", "s", [], {}, 1),
    "twice": lambda make: make("a", name="b"),
    "unknown": lambda make: make("a", color="red"),
    "not to be given": lambda make: make("a", length=3),
    "text": lambda make: repr(make("a", "secret")).rpartition(".")[2],
    "equal": lambda make: make("a") == make("a", seen={"b": 1}),
    "not equal": lambda make: make("a") != make("b"),
    "equal to no tuple": lambda make: make("a") == ("a", "", [], 1),
    "itself": lambda make: (lambda one: one == one)(make("a")),
    "no hash of a list": lambda make: hash(make("a")) and None,
    "hash": lambda make: (lambda a, b: hash(a) == hash(b))(make("a", "", ()), make("a", "", ())),
    "assigned": lambda make: assigned(make("a")),
    "deleted": lambda make: deleted(make("a", "s")),
    "replaced": lambda make: dataclasses.asdict(dataclasses.replace(make("a"), name="long")),
    "copied": lambda make: dataclasses.asdict(copy.copy(make("a", parts=[1]))),
    "copied deeply": lambda make: dataclasses.asdict(copy.deepcopy(make("a", parts=[1]))),
    "fields": lambda make: [(each.name, each.repr, each.init) for each in dataclasses.fields(make)],
    "places": lambda make: make.__match_args__,
    "its own method": lambda make: make("a").__setitem__("b", 2),
    "its class": lambda make: (make.kind, make.__name__, make.__doc__),
    "slots": lambda make: hasattr(make("a"), "__dict__"),
}


def answer(question: Callable[[Any], object], make: Any) -> object:
    try:
        return question(make)
    except (TypeError, AttributeError) as error:
        # Python names the class in some of its own messages by where it was made.
        return type(error), str(error).rpartition(".")[2]


def used_often(make: Any) -> Any:
    for _ in range(OFTEN):
        assert isinstance(make("a") == make("b"), bool)
    return make


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("question", [pytest.param(it, id=name) for name, it in ASKED.items()])
def test_both_answer_alike(question: Callable[[Any], object], options: dict[str, Any]) -> None:
    expected = answer(question, thing(dataclasses.dataclass, **options))
    assert answer(question, thing(quick_dataclass.dataclass, **options)) == expected, "at first"
    compiled = used_often(thing(quick_dataclass.dataclass, **options))
    assert answer(question, compiled) == expected, "when used often"


@quick_dataclass.dataclass(frozen=True, slots=True)
class Kept:
    name: str
    number: int = 1


@quick_dataclass.dataclass(frozen=True, slots=True)
class Own:
    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "own"


def test_it_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Kept("a", 2))) == Kept("a", 2)


def test_methods_of_the_class_itself_stay() -> None:
    for _ in range(OFTEN):
        assert (Own("a") == Own("b"), hash(Own("a")), repr(Own("a"))) == (True, 7, "own")


def test_it_is_compiled_once_it_is_used_often() -> None:
    first = Kept.__init__
    used_often(Kept)
    assert Kept.__init__ is not first
    again = Kept.__init__
    used_often(Kept)
    assert Kept.__init__ is again


@quick_dataclass.dataclass
class Above:
    name: str


def test_those_who_inherit_have_both_fields() -> None:
    @quick_dataclass.dataclass
    class Below(Above):
        more: int = 2

    assert dataclasses.asdict(Below("a", more=3)) == {"name": "a", "more": 3}
