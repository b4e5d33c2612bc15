"""What has been read of a Media Playlist so far, and what the URIs of its tags are called."""

from collections.abc import Callable, Collection, Mapping, Sequence

from strmctl.domain.hls import encryption, harmless, naming
from strmctl.domain.hls.listed import ByteRange, Decoding, Resource, Resources, Segments
from strmctl.domain.hls.media_playlist import NamedText
from strmctl.domain.hls.numbers import byte_range, integer
from strmctl.domain.hls.playlist_text import NotAPlaylistError
from strmctl.domain.hls.rows.durations import Durations
from strmctl.domain.hls.rows.tags import HINT, KEY, MAP, PART, Shapes, Tag, read
from strmctl.domain.hls.stable_names import INIT, KEY as KEY_NAME, StableNames

# Several in a row are legal, one for each key system (RFC 8216 section 4.3.2.4).
_MAX_KEYS = 100


class State:
    """`number` is that of the coming segment."""

    def __init__(self, names: StableNames, extensions: naming.SegmentExtensions) -> None:
        self.text = NamedText()
        self.names, self.extensions = names, extensions
        self.number = 0
        self.segments = Segments()
        self.resources = Resources(self.segments)
        self.durations = Durations()
        self.shapes = Shapes()
        self.segment_ends: dict[str, int] = {}
        self.part_ends: dict[str, int] = {}
        self.duration = 0.0
        self.init = ""
        self.keys: tuple[str, ...] = ()
        self.cipher = self.inline_init = ""
        self.needed: dict[str, dict[str, None]] = {KEY_NAME: {}, INIT: {}}
        self.begin_segment()

    def begin_segment(self) -> None:
        """Forget what tags said of the segment before; they speak of the coming one from now."""
        self.range_text = ""
        self.discontinuity = False
        self.date_time = ""
        self.part = 0
        self.opaques = 0
        self.keys_open = False
        self.has_tags = False
        self.has_names = False

    @property
    def is_within_a_row(self) -> bool:
        """Whether the coming segment has names already, or what its row alone can say."""
        return bool(self.range_text or self.has_names or self.duration)

    @property
    def decoding(self) -> Decoding:
        return Decoding(self.keys, self.init, self.cipher + self.inline_init)

    def extension(self, uri: str) -> str:
        return self.extensions.of(uri, has_init=self.init != "")

    def shown(self, line: str, name: str, hidden: Collection[str] = ()) -> str | None:
        """A tag that may have a URI as a player gets it, with a mark before each name."""
        tag = None if hidden else self.shapes.tag(line, name)
        if tag is None:
            harmless_line = harmless.tag_line(line, hidden)
            tag = None if harmless_line is None else read(harmless_line, name)
        return None if tag is None else self.named(tag)

    def named(self, tag: Tag) -> str:
        """The line of a tag as a player gets it, with a mark before each name; "" for nothing."""
        self.has_tags = True
        return _NAMED.get(tag.name, State._opaque)(self, tag)

    def _key(self, tag: Tag) -> str:
        # Keys in a row all apply; the first one behind a segment replaces those before it.
        if not self.keys_open:
            self.keys, self.keys_open, self.cipher = (), True, ""
        self.cipher += encryption.cipher(tag.values, tag.uri)
        if naming.stays(tag.uri, tag.values.get("KEYFORMAT", "")):
            return tag.line
        if len(self.keys) == _MAX_KEYS:
            raise NotAPlaylistError(f"has more than {_MAX_KEYS} keys for one segment")
        resource = Resource(tag.uri, size=encryption.key_size(tag.values))
        name = self.names.name(KEY_NAME, resource, self.number, len(self.keys))
        self.resources.named[name] = resource
        self.keys = (*self.keys, name)
        # What a key system asks for in its own way is another answer each time.
        if resource.size is not None and naming.is_fetchable(tag.uri):
            self.needed[KEY_NAME][name] = None
        return tag.named(name + ".key")

    def _map(self, tag: Tag) -> str:
        uri, text = tag.uri, tag.values.get("BYTERANGE")
        self.inline_init = encryption.inline(uri)
        if naming.stays(uri):
            return tag.line
        # Without an offset it begins at the first byte (rfc8216bis section 4.4.4.5).
        part = None if text is None else byte_range(text, uri, {})
        self.init = self._init_name(Resource(uri, part))
        if naming.is_fetchable(uri):
            self.needed[INIT][self.init] = None
        return tag.named(self.init + ".mp4")

    def _init_name(self, resource: Resource) -> str:
        name = self.names.name(INIT, resource, self.number)
        self.resources.named[name] = resource
        return name

    def add_inits(
        self, names: Sequence[str], resources: Sequence[Resource], *, has_schemes: bool
    ) -> None:
        """Init sections of several segments; none of them stands in its tag.

        `has_schemes`: some URIs may be no relative ones.
        """
        pairs = dict(zip(names, resources, strict=True))
        self.resources.named.update(pairs)
        if has_schemes:
            pairs = {name: each for name, each in pairs.items() if naming.is_fetchable(each.uri)}
        self.needed[INIT].update(dict.fromkeys(pairs))
        self.init, self.inline_init = names[-1], ""

    def _part(self, tag: Tag) -> str:
        uri, text = tag.uri, tag.values.get("BYTERANGE")
        if naming.stays(uri):
            return tag.line
        part = None if text is None else byte_range(text, uri, self.part_ends)
        shown = tag.named(self._part_name(Resource(uri, part)))
        self.part += 1
        return shown

    def _part_name(self, resource: Resource) -> str:
        name = f"{self.number}-{self.part}"
        self.resources.named[name] = resource
        self.has_names = True
        return name + self.extension(resource.uri)

    def _hint(self, tag: Tag) -> str:
        uri, kind = tag.uri, tag.values.get("TYPE")
        if naming.stays(uri):
            return tag.line
        text, first = tag.values.get("BYTERANGE-LENGTH"), tag.values.get("BYTERANGE-START")
        length, offset = integer(text or ""), integer(first or "0")
        # Without a length its end is unknown, so it is no resource of its own. Hints of unknown
        # types are ignored (rfc8216bis section 4.4.5.3), like those that cannot be read.
        is_open = length is None and not (text is None and first is None)
        if kind not in ("PART", "MAP") or is_open or offset is None:
            return ""
        resource = Resource(uri, ByteRange(offset, length) if length else None)
        is_init = kind == "MAP"
        return tag.named(
            self._init_name(resource) + ".mp4" if is_init else self._part_name(resource)
        )

    def _opaque(self, tag: Tag) -> str:
        """A tag that is not known here must not lead around the proxy either."""
        if naming.stays(tag.uri):
            return tag.line
        name = f"x{self.number}-{self.opaques}"
        self.opaques += 1
        self.has_names = True
        self.resources.named[name] = Resource(tag.uri)
        return tag.named(name + naming.data_extension(tag.uri))


_NAMED: Mapping[str, Callable[[State, Tag], str]] = {
    KEY: State._key,
    MAP: State._map,
    PART: State._part,
    HINT: State._hint,
}
