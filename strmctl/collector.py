"""Python's garbage collector looks seldom: what strmctl makes is nearly all freed without it.

Reference counting frees it; the collector is there for cycles, and a run or a request leaves few
of those. Both the command line and each process that serves set it up with this.
"""

import gc

_NEW_OBJECTS = 10_000
"""So many new objects make it look; Python's own number is 700.

At 700 it took up to a twentieth of a run that reads or checks thousands of links, and a tenth of
the price of a request.
"""


def collect_seldom() -> None:
    """From here on, and never what has been made so far: modules and routes stay to the end."""
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    # `strmctl.__main__` turns it off for as long as modules are imported.
    gc.enable()
