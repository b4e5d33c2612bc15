"""A value that holds an address, a key or a body does not show it where the value is printed.

Values are `msgspec.Struct`: to make such a class costs a hundredth of a millisecond, a frozen
dataclass half a millisecond with Python 3.11, and a command makes up to sixty of them before it
does anything. A Struct has no `field(repr=False)`, so those that want it extend `Discreet`.
Dataclasses remain where a field is derived or left out of `==`, or where something that changes
hides one.
"""

from typing import ClassVar

from msgspec import Struct


class Discreet(Struct, frozen=True):
    """`hidden` names the fields that its repr leaves out.

    Tracebacks, log lines and failed tests print what they hold: an upstream's URL carries a
    token, and a playlist may be a megabyte. With `hidden = ("url",)`:

    >>> Address(name="tv", url="http://tv/?token=1")
    Address(name='tv')
    """

    hidden: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name not in self.hidden)
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__name__}({values})"
