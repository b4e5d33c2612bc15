"""The tags and attributes of RFC 8216 and rfc8216bis that are known to be harmless."""

import re
from collections.abc import Mapping

_STREAM = (
    "BANDWIDTH AVERAGE-BANDWIDTH SCORE CODECS SUPPLEMENTAL-CODECS RESOLUTION FRAME-RATE HDCP-LEVEL "
    "ALLOWED-CPC VIDEO-RANGE REQ-VIDEO-LAYOUT STABLE-VARIANT-ID AUDIO VIDEO SUBTITLES "
    "CLOSED-CAPTIONS PATHWAY-ID NAME PROGRAM-ID"
)
_KEY = "METHOD URI IV KEYFORMAT KEYFORMATVERSIONS KEYID"

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    f"#EXT-X-{name}": frozenset(attributes.split())
    for name, attributes in {
        "KEY": _KEY,
        "SESSION-KEY": _KEY,
        "MAP": "URI BYTERANGE",
        "MEDIA": "TYPE URI GROUP-ID LANGUAGE ASSOC-LANGUAGE NAME STABLE-RENDITION-ID DEFAULT "
        "AUTOSELECT FORCED INSTREAM-ID BIT-DEPTH SAMPLE-RATE CHARACTERISTICS CHANNELS",
        "STREAM-INF": _STREAM,
        "I-FRAME-STREAM-INF": f"{_STREAM} URI",
        # No tag of rfc8216bis: pictures for trick play, with EXT-X-IMAGES-ONLY and EXT-X-TILES.
        "IMAGE-STREAM-INF": f"{_STREAM} URI",
        "SESSION-DATA": "DATA-ID VALUE URI FORMAT LANGUAGE",
        "DATERANGE": "ID CLASS START-DATE CUE END-DATE DURATION PLANNED-DURATION SCTE35-CMD "
        "SCTE35-OUT SCTE35-IN END-ON-NEXT",
        "START": "TIME-OFFSET PRECISE",
        "SERVER-CONTROL": "CAN-SKIP-UNTIL CAN-SKIP-DATERANGES HOLD-BACK PART-HOLD-BACK "
        "CAN-BLOCK-RELOAD",
        "PART-INF": "PART-TARGET",
        "PART": "URI DURATION INDEPENDENT BYTERANGE GAP",
        "PRELOAD-HINT": "TYPE URI BYTERANGE-START BYTERANGE-LENGTH",
        "RENDITION-REPORT": "URI LAST-MSN LAST-PART",
        "SKIP": "SKIPPED-SEGMENTS RECENTLY-REMOVED-DATERANGES",
        "TILES": "RESOLUTION LAYOUT DURATION",
    }.items()
}

SHAPES: Mapping[str, re.Pattern[str]] = {
    # Where a slash is part of the format.
    "KEYFORMATVERSIONS": re.compile(r"\d{1,9}(?:/\d{1,9}){0,20}"),
    "CHANNELS": re.compile(r"\d{1,3}(?:/[A-Z0-9,-]{0,40}){0,3}"),
    "REQ-VIDEO-LAYOUT": re.compile(r"[A-Z0-9,/-]{1,80}"),
    "SUPPLEMENTAL-CODECS": re.compile(r"(?:[\w.]{1,40}(?:/[a-z0-9]{4}){0,8}[, ]{0,2}){1,8}"),
    "ALLOWED-CPC": re.compile(
        r"(?:[\w.-]{1,80}:[A-Z0-9_-]{0,40}(?:/[A-Z0-9_-]{1,40}){0,8},?){1,8}"
    ),
}

REFERENCES = frozenset(
    "GROUP-ID NAME AUDIO VIDEO SUBTITLES CLOSED-CAPTIONS STABLE-VARIANT-ID STABLE-RENDITION-ID "
    "PATHWAY-ID ID DATA-ID".split()
)
"""Attributes that a tag needs, or by which tags refer to each other."""

DATE = "#EXT-X-PROGRAM-DATE-TIME"
"""A date that no player reads still tells one cut from another."""

# Up to 2^63, as players count; ffmpeg reads the digits and passes over what follows.
_NUMBER = re.compile(r"[0-9]{1,19}(?:\.[0-9]*)?[ \t,;]*")
_SECONDS = re.compile(r"[0-9]{1,18}(?:\.[0-9]*)?[ \t]*[A-Za-z]{0,3}[ \t]*,?")

VALUES: Mapping[str, re.Pattern[str]] = {
    "#EXT-X-VERSION": _NUMBER,
    "#EXT-X-TARGETDURATION": _SECONDS,
    "#EXT-X-MEDIA-SEQUENCE": _NUMBER,
    "#EXT-X-DISCONTINUITY-SEQUENCE": _NUMBER,
    "#EXT-X-BITRATE": _SECONDS,
    "#EXT-X-PLAYLIST-TYPE": re.compile(r"[A-Za-z]{1,16}"),
    # Gone since version 7 of the protocol (RFC 8216 section 7); old packagers still write it.
    "#EXT-X-ALLOW-CACHE": re.compile(r"[A-Za-z]{1,8}"),
    DATE: re.compile(r"[0-9TtZz:+., \u2212-]{1,48}"),
    "#EXT-X-BYTERANGE": re.compile(r"[0-9]{1,20}(?:@[0-9]{1,20})?"),
}
"""Tags with one value. As in ffmpeg and hls.js a malformed one has no effect."""

BARE = frozenset(
    "#EXTM3U #EXT-X-ENDLIST #EXT-X-DISCONTINUITY #EXT-X-GAP #EXT-X-I-FRAMES-ONLY "
    "#EXT-X-INDEPENDENT-SEGMENTS #EXT-X-IMAGES-ONLY".split()
)
"""Tags without a value."""
