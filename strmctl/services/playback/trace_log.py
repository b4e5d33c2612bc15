"""The lines of one request, out of a log with `serve.log_format = "json"`."""

import json
from collections.abc import Iterable, Iterator, Mapping

Line = Mapping[str, object]


def lines_of_request(log: Iterable[str], request: str) -> Iterator[Line]:
    """In their order; what is no JSON, from before the format was changed perhaps, is left out."""
    for text in log:
        # Most lines are another request's: to look is cheaper than to read.
        if request not in text:
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and line.get("request_id") == request:
            yield line
