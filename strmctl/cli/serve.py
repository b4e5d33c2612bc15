"""strmctl serve: the proxy, until it is told to stop."""

import logging
import os
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.interruption import take_no_signals
from strmctl.cli.frame.run import Run
from strmctl.errors import UsageError
from strmctl.settings.model import Auth, LogFormat, Role, Settings

if TYPE_CHECKING:
    import socket


@command(Panel.SERVER, example="strmctl serve --host 0.0.0.0 --maintain")
def serve(
    run: Run,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help='Allow auth = "none" beyond loopback.')
    ] = False,
    maintain: Annotated[
        bool, typer.Option("--maintain", help="Probe and refresh by itself.")
    ] = False,
) -> None:
    """The proxy, the API and the page: streams what the .strm files name, healed while it plays."""
    run.override("serve.host", host)
    run.override("serve.port", port)
    run.override("serve.workers", workers)
    run.override("maintain.enabled", True if maintain else None)
    # What a command prints with --json is a line of JSON each, a log's lines too.
    run.override("serve.log_format", LogFormat.JSON if run.output.json else None)
    from strmctl.server.hangups import note_hangups

    note_hangups()
    settings = run.settings
    # In a file that all nodes share `maintain.enabled` is no wish of this one.
    if maintain and settings.serve.role is Role.PLAYER:
        raise UsageError('--maintain: serve.role is "player": it belongs to the upkeep node')
    # Set for another program, it would make prometheus_client write among that one's numbers.
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

    from strmctl.server import process
    from strmctl.server.reading import SettingsFile, check
    from strmctl.services.jobs.jobs import strmctl_command
    from strmctl.services.own_database import own_database
    from strmctl.services.playback.opening import rehearse

    with process.listen(settings.serve) as listener, own_database(settings) as (settings, said):
        is_open_allowed = insecure or is_loopback(listener.getsockname()[0])
        check(settings, is_open_allowed=is_open_allowed)
        _warn_of_openness(run, settings)
        rehearse(settings)
        take_no_signals()
        if said:
            _announce(run, said)
        _announce(run, f"strmctl serves {settings.proxy.public_base_url} on {_name(listener)}")
        process.run(
            settings,
            listener,
            read=SettingsFile(run.loaded.file, run.overrides, is_open_allowed),
            command=strmctl_command(run.loaded.file),
            verbose=run.output.verbose,
            quiet=run.output.quiet,
        )


def _warn_of_openness(run: Run, settings: Settings) -> None:
    if settings.proxy.auth is Auth.NONE:
        text = 'proxy.auth is "none": whoever reaches this server can play everything'
        _announce(run, text, warns=True)


def _announce(run: Run, text: str, *, warns: bool = False) -> None:
    """As every command does; where the log is JSON, as a line of it."""
    if run.settings.serve.log_format is LogFormat.JSON:
        from strmctl.server.http.logs import start_log

        start_log(run.settings.serve, verbose=run.output.verbose, quiet=run.output.quiet)
        logging.getLogger(__name__).log(logging.WARNING if warns else logging.INFO, text)
    elif warns:
        run.output.warn(text)
    else:
        run.output.note(text)


def is_loopback(address: str) -> bool:
    """For an address that is bound: a name may lead anywhere."""
    return ip_address(address).is_loopback


def _name(listener: "socket.socket") -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
