"""Content codings (RFC 9110 section 8.4): does a client take gzip, and what tells forms apart."""

GZIP = "gzip"
_ANY = "*"


def accepts_gzip(accept_encoding: str) -> bool:
    """Only where the client says so: no field at all means any coding, but many that send none
    cannot read it (RFC 9110 section 12.5.3)."""
    weights = dict(_weighted(part) for part in accept_encoding.lower().split(","))
    weights.setdefault(GZIP, weights.get("x-gzip", weights.get(_ANY, 0.0)))
    return 0.0 < weights[GZIP] <= 1.0


def _weighted(part: str) -> tuple[str, float]:
    """A coding and its weight; what cannot be read is not wanted."""
    name, *parameters = (word.strip() for word in part.split(";"))
    if not parameters:
        return name, 1.0
    key, _, value = parameters[0].partition("=")
    try:
        return name, float(value) if key.strip() == "q" else 0.0
    except ValueError:
        return name, 0.0


def gzip_etag(etag: str) -> str:
    """Of the coded form: two forms of different bytes may not share a strong validator
    (RFC 9110 section 8.8.3.3)."""
    return f'{etag[:-1]}-{GZIP}"'
