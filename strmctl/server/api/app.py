"""The application below /api/v1."""

from fastapi import FastAPI

from strmctl import __version__


def create_api() -> FastAPI:
    return FastAPI(title="strmctl", version=__version__, docs_url=None, redoc_url=None)
