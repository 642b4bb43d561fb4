# The build stage has torch and exports the embedding model; the image that runs has neither.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The CPU build of torch; elsewhere than in this stage the product does not need it.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE manifest.yml ./
COPY bot bot
COPY handlers handlers
COPY core core
COPY prompts prompts
RUN python -m venv /opt/basecamp \
    && /opt/basecamp/bin/pip install -c constraints.txt . \
    && python -m venv --system-site-packages /opt/export \
    && /opt/export/bin/pip install --extra-index-url "$TORCH_INDEX" torch==2.13.0 \
    && /opt/export/bin/pip install -c constraints.txt '.[reference]' \
    && /opt/export/bin/python -m core.adapters.embedder_export /opt/basecamp/share/basecamp/models

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home basecamp \
    && install -d -o basecamp -g basecamp /data
COPY --from=build /opt/basecamp /opt/basecamp
ENV PATH=/opt/basecamp/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data HTTP_HOST=0.0.0.0 LOG_FORMAT=json
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:3000/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["basecamp", "run"]
