# strmctl in a container; examples/compose.yaml runs it beside gluetun and Jellyfin.
#   docker build --tag strmctl .
#   docker run --rm -v ./data:/data -v ./strm:/library strmctl \
#       init --library /library --base-url http://ADDRESS:8888
#   docker run -d --init -p 8888:8888 -v ./data:/data -v ./strm:/library strmctl

# To pin it for good, name its digest: `docker buildx imagetools inspect python:3.11-slim` shows it,
# and both lines become FROM python:3.11-slim@sha256:…
FROM python:3.11-slim AS build
WORKDIR /source
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY docs/share docs/share
COPY migrations migrations
COPY strmctl strmctl
RUN python -m venv /opt/strmctl \
    && /opt/strmctl/bin/pip install --no-cache-dir --constraint requirements.lock ".[ytdlp]"

FROM python:3.11-slim
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
