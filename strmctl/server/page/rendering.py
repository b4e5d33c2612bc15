"""Templates: what comes from outside is always escaped, and an unknown name is a defect."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from strmctl import __version__
from strmctl.domain.counted import share
from strmctl.domain.digest import shortened
from strmctl.server.page import charts, phrases
from strmctl.server.page.assets import ADDRESS
from strmctl.services.threads import in_thread

_TEMPLATES = Path(__file__).parent / "templates"
_JOBS_LOOKED_AT = 20


async def shown(
    request: Request, template: str, *, status: int = 200, **values: object
) -> HTMLResponse:
    """A whole page, with the jobs that are under way."""
    newest = await request.state.jobs.newest(_JOBS_LOOKED_AT)
    underway = [job for job in newest if not job.state.is_over]
    return await fragment(
        template,
        status=status,
        underway=underway,
        has_session=bool(request.state.admission.token),
        **values,
    )


async def fragment(template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Rendered in a thread: a long page would keep the streams waiting."""
    text = await in_thread(_render, template, values)
    return HTMLResponse(text, status)


def _render(template: str, values: Mapping[str, object]) -> str:
    now = datetime.now(UTC)
    return (
        _environment()
        .get_template(template)
        .render(values, now=now, when=partial(phrases.when, now=now))
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        # Titles come from resolvers and file names: they may hold HTML.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        number=phrases.number,
        size=phrases.size,
        plain=phrases.plain,
        moment=phrases.moment,
        machine=phrases.machine,
    )
    environment.globals.update(
        static=ADDRESS,
        version=__version__,
        link=link,
        count=phrases.count,
        share=share,
        shortened=shortened,
        meanings=phrases.STATE_MEANINGS,
        area=charts.area,
        bar=charts.bar,
        trouble=charts.TROUBLE,
        width=charts.WIDTH,
        height=charts.HEIGHT,
    )
    return environment


def link(page: str, /, **query: Any) -> str:
    """Relative, so that it holds below any path; what is None or "" is left out."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{page}?{urlencode(given)}" if given else page
