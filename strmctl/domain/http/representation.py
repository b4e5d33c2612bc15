"""What an answer shows of a representation, so that a later answer can be seen to be the same."""

from msgspec import Struct

from strmctl.errors import UpstreamError


class Representation(Struct, frozen=True):
    """RFC 9110 section 3.2; `total` in bytes, `etag` only where it is a strong validator."""

    total: int | None
    etag: str | None
    last_modified: str = ""

    @property
    def validator(self) -> str:
        """For If-Range (RFC 9110 section 13.1.5); empty without one."""
        return self.etag or self.last_modified

    def is_surely(self, other: "Representation") -> bool:
        """Whether `other` shows the same validator: no length says that it is the same."""
        return bool(self.validator) and self.validator == other.validator

    def check_continued(self, other: "Representation", *, reaches_end: bool = False) -> None:
        """Raises UpstreamError if the bytes of `other` cannot go on where these end.

        `reaches_end`: it is a part up to the last byte that was asked for.
        """
        if self.total is not None and self.total != other.total:
            # A server may not know the whole (RFC 9110 section 14.4): then its part has to end
            # where the file did, or a validator has to say that it is the same.
            if other.total is not None or not (reaches_end or self.is_surely(other)):
                raise UpstreamError("the upstream's file has another length now", final=True)
        if self._contradicts(other):
            raise UpstreamError("the upstream's file has changed", final=True)

    def _contradicts(self, other: "Representation") -> bool:
        if self.etag and other.etag:
            return self.etag != other.etag
        both_dated = self.last_modified and other.last_modified
        return bool(both_dated) and self.last_modified != other.last_modified
