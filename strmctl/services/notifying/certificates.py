"""Whom a media server's certificate is believed from, and what is wrong with one that is not."""

import ssl
from pathlib import Path

import httpx


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """`ca` alone is believed where it is given, as `curl --cacert` has it; else what SSL_CERT_FILE
    and SSL_CERT_DIR name, as every program on OpenSSL does, else the public authorities.

    Raises OSError (ssl.SSLError is one) for a file that holds no certificates.
    """
    if ca is not None:
        # Jellyfin at home often has a certificate of its owner's own CA.
        return ssl.create_default_context(cafile=ca)
    return httpx.create_ssl_context(trust_env=True)


def tls_failure(error: BaseException) -> str | None:
    """What is wrong with the connection's TLS, None where something else has failed."""
    found = _ssl_error(error)
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {found.verify_message}"
    if found is not None:
        return f"it does not speak TLS as expected: {(found.reason or 'no reason given').lower()}"
    return None


def _ssl_error(error: BaseException) -> ssl.SSLError | None:
    """httpx and httpcore keep the reason as the cause or the context of their own errors."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        if isinstance(at, ssl.SSLError):
            return at
        seen.add(id(at))
        at = at.__cause__ or at.__context__
    return None
