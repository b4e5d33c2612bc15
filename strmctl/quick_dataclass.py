"""Dataclasses whose methods are compiled once they are used often, not when a module is imported.

`dataclasses` compiles up to six functions for each class, at least half a millisecond with Python
3.11 to 3.12, and a short run imports a hundred classes to make a few things of a dozen. Until a
class has been used `_FEW` times, its methods are plain Python that looks at the fields; then those
of `dataclasses` take their place. Type checkers see the decorator of `dataclasses` itself.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, Field, FrozenInstanceError, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass", "field", "replace"]

T = TypeVar("T")

_FEW = 100
"""So often plain Python is cheaper than compiling: 5 microseconds a time to 600 once."""
_POST_INIT = "__post_init__"


class _Methods:
    """Those of one class while it is used little."""

    def __init__(self, cls: type[Any], *, frozen: bool, eq: bool) -> None:
        self._cls = cls
        self._frozen = frozen
        self._eq = eq
        self._uses = 0
        self._given: list[str] = []

    def give(self) -> None:
        self._put("__init__", self._init())
        self._put("__repr__", self._repr())
        if self._eq:
            self._put("__eq__", self._equal())
            # As `dataclasses` does: what is equal by fields that may change has no hash.
            self._put("__hash__", self._hash() if self._frozen else None)
        if self._frozen:
            for name, method in _FROZEN.items():
                setattr(self._cls, name, method)

    def _put(self, name: str, method: Callable[..., Any] | None) -> None:
        # A class that has its own keeps it; Python itself puts __hash__ = None beside an __eq__.
        if vars(self._cls).get(name) is None:
            setattr(self._cls, name, method)
            self._given.append(name)

    def _compiled(self) -> Any:
        """The class, which has the methods of `dataclasses` from now on."""
        cls: Any = self._cls
        namespace: dict[str, Any] = {"__doc__": cls.__name__}
        if hasattr(cls, _POST_INIT):
            namespace[_POST_INIT] = getattr(cls, _POST_INIT)
        full = dataclasses.make_dataclass(
            cls.__name__,
            [(each.name, object, copy(each)) for each in fields(cls)],
            namespace=namespace,
            frozen=self._frozen,
            eq=self._eq,
        )
        for name in self._given:
            setattr(cls, name, getattr(full, name))
        return cls

    def _is_used_often(self) -> bool:
        self._uses += 1
        return self._uses > _FEW

    def _init(self) -> Callable[..., None]:
        def __init__(self: Any, /, *args: Any, **given: Any) -> None:
            if methods._is_used_often() or not _filled(self, args, given):
                # What was given wrongly has the TypeError that everybody knows.
                methods._compiled().__init__(self, *args, **given)
            elif (after := getattr(self, _POST_INIT, None)) is not None:
                after()

        methods = self
        return __init__

    def _repr(self) -> Callable[[Any], str]:
        def __repr__(self: Any) -> str:
            methods._compiled()
            return repr(self)

        methods = self
        return __repr__

    def _equal(self) -> Callable[[Any, object], Any]:
        def __eq__(self: Any, other: object) -> Any:
            if methods._is_used_often():
                return methods._compiled().__eq__(self, other)
            if other.__class__ is not self.__class__:
                return NotImplemented
            return _compared(self) == _compared(other)

        methods = self
        return __eq__

    def _hash(self) -> Callable[[Any], int]:
        def __hash__(self: Any) -> int:
            if methods._is_used_often():
                methods._compiled()
                return hash(self)
            return hash(_compared(self))

        methods = self
        return __hash__


def _filled(it: Any, args: Sequence[Any], given: dict[str, Any]) -> bool:
    """Whether what is given fits the fields, which have it then."""
    every: Sequence[Field[Any]] = fields(it)
    names = [each.name for each in every if each.init]
    values = dict(zip(names, args, strict=False)) | given
    if len(values) != len(args) + len(given) or not values.keys() <= set(names):
        return False
    for each in every:
        if each.name in values:
            value = values[each.name]
        elif each.default is not MISSING:
            value = each.default
        elif each.default_factory is not MISSING:
            value = each.default_factory()
        elif each.init:
            return False
        else:
            continue
        object.__setattr__(it, each.name, value)
    return True


def _compared(it: Any) -> tuple[Any, ...]:
    return tuple(getattr(it, each.name) for each in fields(it) if each.compare)


def _set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _restore(self: Any, state: Sequence[Any]) -> None:
    # copy and pickle would assign.
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_FROZEN: Mapping[str, Callable[..., Any]] = {
    "__setattr__": _set,
    "__delattr__": _delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}


def _quick(cls: type[T] | None = None, /, **options: bool) -> Any:
    """The parameters are those of `dataclasses.dataclass` that strmctl uses."""
    return _decorator(**options) if cls is None else _decorator(**options)(cls)


def _decorator(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, weakref_slot: bool = False
) -> Callable[[type[T]], type[T]]:
    def decorated(cls: type[T]) -> type[T]:
        if cls.__doc__ is None:
            # `dataclasses` would make one from the signature, which costs more than the rest.
            cls.__doc__ = cls.__name__
        made = dataclasses.dataclass(
            init=False, repr=False, eq=False, slots=slots, weakref_slot=weakref_slot
        )(cls)
        _Methods(made, frozen=frozen, eq=eq).give()
        return made

    return decorated


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _quick
