"""What the root serves, behind all other routes."""

from starlette.routing import Router


def create_page() -> Router:
    """Not an application of its own: what it does not know is answered as everywhere."""
    return Router(redirect_slashes=False)
