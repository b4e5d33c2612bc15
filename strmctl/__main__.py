"""`strmctl`: `--version` is answered before anything heavy is imported."""

import signal
import sys

from strmctl import __version__


def main() -> int:
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"strmctl {__version__}\n")
        return 0
    # Ctrl-C while modules are imported ends the process as it would end any other program.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from strmctl.cli.frame.ending import run_to_the_end

    return run_to_the_end(arguments)


if __name__ == "__main__":
    sys.exit(main())
