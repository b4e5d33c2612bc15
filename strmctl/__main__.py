"""`strmctl`: `--version` is answered before anything heavy is imported."""

import sys

from strmctl import __version__


def main() -> int:
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"strmctl {__version__}\n")
        return 0
    from strmctl.cli.ending import run_to_the_end

    return run_to_the_end(arguments)


if __name__ == "__main__":
    sys.exit(main())
