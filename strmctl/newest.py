"""What is remembered of many things has a bound: the one that was put longest ago is forgotten.

A library may hold a million titles, and a scan by a media server asks for each of them once.
"""

from collections import OrderedDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Newest(OrderedDict[K, V]):
    """At most `most` values.

    >>> remembered = Newest[str, int](2)
    >>> [remembered.put(name, number) for number, name in enumerate("aba")]
    [True, True, True]
    >>> remembered.put("c", 3), list(remembered)
    (False, ['a', 'c'])
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def put(self, key: K, value: V) -> bool:
        """Put it last; False if the first one had to leave for it."""
        self[key] = value
        self.move_to_end(key)
        if len(self) <= self._most:
            return True
        self.popitem(last=False)
        return False
