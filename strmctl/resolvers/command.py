"""`type = "command"`: the request as JSON on stdin, JSON or a bare URL on stdout."""

import json
import shlex
from os import EX_NOINPUT, EX_TEMPFAIL
from pathlib import Path

from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError
from strmctl.resolvers import failures
from strmctl.resolvers.answer import read_answer
from strmctl.resolvers.child_process import ask
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.settings.model import ResolverSettings


class CommandResolver:
    """Option: `command`, a list of words or one text that is split as a shell would (no shell).

    Exit status 0 answers, 66 (EX_NOINPUT) is no such episode, 75 (EX_TEMPFAIL) is later.
    """

    def __init__(self, settings: ResolverSettings) -> None:
        options = Options(settings)
        self._command = _command(options)
        self._egress = settings.egress

    async def resolve(self, request: ResolveRequest) -> Resolution:
        question = json.dumps(request.record(), ensure_ascii=False).encode()
        finished = await ask(self._command, question, egress=self._egress)
        match finished.status:
            case 0:
                return _read(finished.stdout)
            case status if status == EX_NOINPUT:
                raise failures.no_such_episode(request)
            case status if status == EX_TEMPFAIL:
                raise failures.later(None, finished.complaint)
            case status:
                complaint = f": {finished.complaint}" if finished.complaint else ""
                raise ResolverError(f"{self._command[0]} ended with status {status}{complaint}")

    async def aclose(self) -> None:
        return


def _command(options: Options) -> list[str]:
    words = options.words("command")
    try:
        command = shlex.split(words) if isinstance(words, str) else words
    except ValueError as error:
        raise options.wrong("command", f"cannot be split into words: {error}") from None
    # No shell is there to expand `~`.
    return [str(Path(command[0]).expanduser()), *command[1:]]


def _read(stdout: bytes) -> Resolution:
    text = stdout.strip()
    if text[:8].lower().startswith((b"http://", b"https://")):
        if len(text.split()) > 1:
            # Chatter behind the URL is likelier than a space in it, which JSON can hold.
            raise ResolverError("printed more than a URL: white space in it needs the JSON form")
        return Resolution(text.decode("utf-8", "replace"))
    return read_answer(text)
