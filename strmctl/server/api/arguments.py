"""What operations ask for, by the type of an argument; see server/context.py."""

from typing import Annotated

from fastapi import Depends, Request

from strmctl.services.arr import waiting
from strmctl.services.jobs import jobs
from strmctl.settings import model
from strmctl.storage.database import connection


async def _settings(request: Request) -> model.Settings:
    settings: model.Settings = request.state.settings
    return settings


async def _database(request: Request) -> connection.Database:
    opened: connection.Database = request.state.database
    return opened


async def _jobs(request: Request) -> jobs.Jobs:
    running: jobs.Jobs = request.state.jobs
    return running


async def _late_events(request: Request) -> waiting.LateEvents:
    events: waiting.LateEvents = request.state.late_events
    return events


Settings = Annotated[model.Settings, Depends(_settings)]
Database = Annotated[connection.Database, Depends(_database)]
Jobs = Annotated[jobs.Jobs, Depends(_jobs)]
LateEvents = Annotated[waiting.LateEvents, Depends(_late_events)]
