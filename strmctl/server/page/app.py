"""What the root serves, behind all other routes."""

from starlette.routing import Router

from strmctl.server.page import assets, changing, export, jobs, library, server, sign_in
from strmctl.server.page.answering import page, unknown
from strmctl.server.page.overview import Overview


def create_page() -> Router:
    """Not an application of its own: what it does not know, programs are told as everywhere.

    All pages lie beside each other and every address in them is relative, so they work below any
    path that a front may put before them.
    """
    return Router(
        [
            page("/", Overview()),
            page("/library", library.library),
            page("/export", export.export),
            page("/series", library.series),
            page("/mapping", library.mapping),
            page("/rows", library.rows),
            page("/add", changing.add, ["GET", "POST"]),
            page("/change", changing.change, ["POST"]),
            page("/remove", changing.remove, ["GET", "POST"]),
            page("/jobs", jobs.jobs),
            page("/job", jobs.job),
            page("/streams", server.streams),
            page("/settings", server.settings),
            page("/log", server.log),
            page("/begin", jobs.begin, ["POST"]),
            page("/cancel", jobs.cancel, ["POST"]),
            page("/undo", jobs.undo, ["POST"]),
            page("/login", sign_in.form, is_open=True),
            page("/login", sign_in.sign_in, ["POST"], is_open=True),
            page("/logout", sign_in.sign_out, ["POST"]),
            page("/static/{version}/{name}", assets.asset, is_open=True),
        ],
        redirect_slashes=False,
        default=unknown,
    )
