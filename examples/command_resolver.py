#!/usr/bin/env python3
"""A command resolver: a question as JSON on stdin, an answer as JSON on stdout.

It knows what a CSV of `site,slug,season,episode,language,provider,url` lists; several lines for
one episode are alternatives.

[resolvers.list]
sites = ["*"]
type = "command"
command = ["python3", "/etc/strmctl/command_resolver.py", "/etc/strmctl/urls.csv"]
"""

import csv
import json
import sys
from pathlib import Path

USAGE, NO_SUCH_EPISODE, LATER = 64, 66, 75  # EX_USAGE, EX_NOINPUT, EX_TEMPFAIL of sysexits.h

if len(sys.argv) != 2:
    sys.stderr.write("usage: command_resolver.py FILE.csv <question.json\n")
    sys.exit(USAGE)
question = json.load(sys.stdin)
wanted = {key: question[key] for key in ("site", "slug", "season", "episode", "language")}
try:
    with Path(sys.argv[1]).open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
except OSError as error:
    sys.stderr.write(f"{error}\n")  # the last line of stderr is shown to the user
    sys.exit(LATER)

# A film's season and episode are null in the question and empty in the file.
found = [
    line
    for line in lines
    if all(line[key] == str("" if value is None else value) for key, value in wanted.items())
    and question["provider"] in (None, line["provider"])
]
if not found:
    sys.exit(NO_SUCH_EPISODE)
# Not the URL that has just failed, if there is another one.
best = min(found, key=lambda line: line["url"] in question["avoid_urls"])
json.dump({"url": best["url"], "provider": best["provider"]}, sys.stdout)
