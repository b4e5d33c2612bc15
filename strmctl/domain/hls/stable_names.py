"""Keys and init sections keep their names, though windows slide and URIs get other tokens.

Such a name says the first segment that the thing was seen to apply to: `k12` for a key, `i12`
for a Media Initialization Section, `k12-1` where that name is taken.
"""

from collections import defaultdict
from collections.abc import Sequence

from strmctl.domain.hls.listed import Resource, Segment
from strmctl.domain.hls.media_playlist import MediaPlaylist

KEY = "k"
INIT = "i"


class StableNames:
    """The names of one load; `previous` is an earlier load of the same playlist."""

    def __init__(self, previous: MediaPlaylist | None) -> None:
        self._previous = previous
        self._earlier = {} if previous is None else _by_resource(previous)
        self._taken = set(self._earlier.values())
        self._given: dict[str, dict[Resource, str]] = {KEY: {}, INIT: {}}
        self._used: set[str] = set()
        self._orders: defaultdict[tuple[str, int], int] = defaultdict(int)

    def name(self, letter: str, resource: Resource, number: int, index: int = 0) -> str:
        """The name of what the coming segment `number` uses, the `index`-th of its kind."""
        known = self._given[letter].get(resource)
        if known is None:
            known = self._choose(letter, resource, number, index)
            self._given[letter][resource] = known
            self._used.add(known)
        return known

    def all(self, letter: str, resources: Sequence[Resource], numbers: Sequence[int]) -> list[str]:
        """The names of what several segments use, one each."""
        names = [f"{letter}{number}" for number in numbers]
        new = dict(zip(resources, names, strict=True))
        known = self._given[letter]
        is_first_seen = self._previous is None and len(new) == len(names) == len(set(names))
        # Both as keys: Python looks up the fewer of them.
        if is_first_seen and known.keys().isdisjoint(new.keys()) and self._used.isdisjoint(names):
            known.update(new)
            self._used.update(names)
            return names
        return [self.name(letter, *each) for each in zip(resources, numbers, strict=True)]

    def last_before(self, number: int) -> Segment | None:
        """The segment before `number` in the earlier load, or the last one that it knew."""
        if self._previous is None or not self._previous.segments:
            return None
        return self._previous.segment(number - 1) or self._previous.segments[-1]

    # One key may serve several segments, and a token may change its URI at each load.
    def _choose(self, letter: str, resource: Resource, number: int, index: int) -> str:
        exact = self._earlier.get((letter, resource))
        for name in (exact, self._in_place(letter, number, index)):
            if name and name not in self._used:
                return name
        return self._fresh(letter, number)

    def _fresh(self, letter: str, number: int) -> str:
        while True:
            order = self._orders[letter, number]
            self._orders[letter, number] += 1
            name = f"{letter}{number}-{order}" if order else f"{letter}{number}"
            if name not in self._taken and name not in self._used:
                return name

    def _in_place(self, letter: str, number: int, index: int) -> str | None:
        """What the segment used in the earlier load: another token makes another URI."""
        segment = self._previous.segment(number) if self._previous else None
        if segment is None:
            return None
        names = (segment.init,) if letter == INIT else segment.keys
        return names[index] if index < len(names) else None


def _by_resource(playlist: MediaPlaylist) -> dict[tuple[str, Resource], str]:
    return {
        (name[0], resource): name
        for name, resource in playlist.resources.named.items()
        if name[0] in (KEY, INIT)
    }
