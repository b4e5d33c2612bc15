"""`strmctl`: `--version` and the quiet health check are answered before heavy imports."""

import gc
import os
import sys

from strmctl import __version__


def main() -> int:
    arguments = sys.argv[1:]
    _open_what_is_closed()
    if arguments == ["--version"] and _is_written(f"strmctl {__version__}\n"):
        return 0
    # Docker asks twice a minute for as long as the container lives.
    if arguments in (["healthcheck", "--quiet"], ["healthcheck", "-q"]):
        from strmctl.services.installation.quick_health import well

        if (said := well()) is not None and _is_written(f"{said}\n"):
            return 0
    import signal  # It brings enum along, a tenth of the price of a health check.

    # What imports make stays: to look for garbage in it is a tenth of a light command's start.
    gc.disable()
    # Ctrl-C while modules are imported ends the process as it would end any other program.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from strmctl.cli.frame.ending import run_to_the_end

    code = run_to_the_end(arguments)
    # At its end Python drops its handlers: a second signal would replace this exit code.
    if code in (128 + signal.SIGINT, 128 + signal.SIGTERM):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # And a tenth more at its end, where all of it goes anyway.
    gc.freeze()
    return code


def _is_written(text: str) -> bool:
    """Where stdout refuses it, the run that follows says why."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _open_what_is_closed() -> None:
    """`>&-` means "say nothing", but the database would be opened as stdout then."""
    # The lowest number that is free is taken (POSIX, open), so in this order.
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


if __name__ == "__main__":
    sys.exit(main())
