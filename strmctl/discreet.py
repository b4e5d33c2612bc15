"""A value that holds an address, a key or a body does not show it where the value is printed.

A Struct has no `field(repr=False)`, so the values that want it extend `Discreet`.
docs/architecture.md says where Structs are used, and why.
"""

from typing import Any, ClassVar

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
        values = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({values})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Rich asks for this in place of the repr, and a Struct's own gives every field."""
        shown = (name for name in self.__struct_fields__ if name not in self.hidden)
        return [(name, getattr(self, name)) for name in shown]
