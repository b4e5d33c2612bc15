# strmctl in a container; examples/compose.yaml runs it beside gluetun and Jellyfin.
#   docker build --tag strmctl .
#   docker run --rm -v ./data:/data -v ./strm:/library strmctl \
#       init --library /library --base-url http://ADDRESS:8888
#   docker run -d --init -p 8888:8888 -v ./data:/data -v ./strm:/library strmctl

# Pinned by digest, so that each build begins with the same bytes. To renew it:
# `docker buildx imagetools inspect python:3.11-slim-bookworm` shows the newest one.
FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d AS build
WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY docs/share docs/share
COPY migrations migrations
COPY strmctl strmctl
RUN python -m venv /opt/strmctl \
    && /opt/strmctl/bin/pip install --no-cache-dir --constraint requirements.lock ".[ytdlp]"

FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d
COPY --from=build /opt/strmctl /opt/strmctl
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
ENTRYPOINT ["strmctl"]
CMD ["serve"]
