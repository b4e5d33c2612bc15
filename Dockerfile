# strmctl in a container; examples/compose.yaml runs it beside gluetun and Jellyfin.
#   docker build --tag strmctl .
#   docker run --rm -v ./data:/data -v ./strm:/library strmctl \
#       init --library /library --base-url http://ADDRESS:8888
#   docker run -d -p 8888:8888 -v ./data:/data -v ./strm:/library strmctl
# It runs as user 1000, as `-u 1001:1001`, or with `-u 0 -e PUID=1001 -e PGID=1001`.

# Pinned by digest, so that each build begins with the same bytes. To renew it:
# `docker buildx imagetools inspect python:3.11-slim-bookworm` shows the newest one.
FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build
WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE docker-entrypoint.sh ./
COPY docs/share docs/share
COPY migrations migrations
COPY strmctl strmctl
RUN python -m venv /opt/strmctl \
    && /opt/strmctl/bin/pip install --no-cache-dir --constraint requirements.lock ".[ytdlp]"

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
# The first process of a container has to reap what jobs and resolvers leave behind: strmctl is no init.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends "tini=0.19.0-*" \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/strmctl /opt/strmctl
COPY --from=build --chmod=755 /source/docker-entrypoint.sh /usr/local/bin/
RUN useradd --uid 1000 --home-dir /data --shell /usr/sbin/nologin strmctl \
    && install --directory --owner strmctl --group strmctl /data /library
ENV PATH=/opt/strmctl/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STRMCTL_SERVE_HOST=0.0.0.0
USER strmctl
# Settings, key and database; strmctl.toml is looked for in the working folder.
WORKDIR /data
VOLUME ["/data", "/library"]
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["strmctl", "healthcheck", "--quiet"]
# -s: below `docker run --init` as well, where it is not the first process.
ENTRYPOINT ["tini", "-s", "--", "docker-entrypoint.sh"]
CMD ["serve"]
