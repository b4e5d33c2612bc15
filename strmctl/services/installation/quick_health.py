"""The check that Docker repeats twice a minute, for a fifteenth of the whole command's CPU.

`strmctl healthcheck --quiet` asks here first. Whatever is not plainly well, or not plainly written,
is left to the whole command, which says why. So only `serve.host` and `serve.port` are read, and
with little else imported: to load all settings costs more than the rest.
"""

# `socket` brings enum and selectors along, which cost as much as everything that is left here.
import _socket
import os  # pathlib would be a sixth of the price
import sys
import time

_SECONDS = 3.0
_LONGEST = 16 * 1024
_WELL = '"status":"ok"'
_VERSION = '"version":"'
_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
_OF_ADDRESSES = frozenset("0123456789abcdefABCDEF.:")


def well() -> str | None:
    """What the command prints of a server that is well; None for everything else."""
    begun = time.monotonic()
    try:
        host, port = _address()
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        answer = _ask(host, port, name)
    except (OSError, ValueError, OverflowError):
        return None
    head, _, body = answer.partition("\r\n\r\n")
    if " 200 " not in head.partition("\r\n")[0] or _WELL not in body or _VERSION not in body:
        return None
    version = body.partition(_VERSION)[2].partition('"')[0]
    taken = round(1000 * (time.monotonic() - begun))
    return f"healthy: strmctl {version} at http://{name}/healthz answered in {taken} ms"


def _address() -> tuple[str, int]:
    """Raises ValueError, and OSError for a file that cannot be read."""
    serve = _serve_table()
    host = os.environ.get("STRMCTL_SERVE_HOST") or str(serve.get("host", "127.0.0.1"))
    port = os.environ.get("STRMCTL_SERVE_PORT") or str(serve.get("port", "8888"))
    # A name is looked up by the whole command; 0 is another port at each start.
    if not set(host) <= _OF_ADDRESSES or int(port) == 0:
        raise ValueError
    return _LOOPBACK.get(host, host), int(port)


def _serve_table() -> dict[str, object]:
    path = _settings_file()
    if path is None:
        return {}
    import tomllib

    with open(path, encoding="utf-8-sig") as file:  # noqa: PTH123
        table = tomllib.loads(file.read()).get("serve", {})
    if not isinstance(table, dict):
        raise ValueError
    return table


def _settings_file() -> str | None:
    """The same file that settings/load.py finds."""
    if named := os.environ.get("STRMCTL_CONFIG"):
        return named
    home = os.environ.get("HOME")
    if sys.platform == "darwin" or not home:
        raise ValueError
    folder = os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    usual = ("strmctl.toml", f"{folder}/strmctl/strmctl.toml")
    return next((path for path in usual if os.access(path, os.F_OK)), None)


def _ask(host: str, port: int, name: str) -> str:
    family = _socket.AF_INET6 if ":" in host else _socket.AF_INET
    connection = _socket.socket(family, _socket.SOCK_STREAM)
    try:
        connection.settimeout(_SECONDS)
        connection.connect((host, port))
        # HTTP/1.0: the server closes, and sends no chunks (RFC 9112 section 7.1).
        connection.sendall(f"GET /healthz HTTP/1.0\r\nHost: {name}\r\n\r\n".encode("ascii"))
        answer = b""
        while len(answer) < _LONGEST and (part := connection.recv(_LONGEST)):
            answer += part
    finally:
        connection.close()
    return answer.decode("utf-8", "replace")
