# One image for web, worker and sweeper. Built in two stages: the second holds no compiler, no pip cache and no root.
FROM python:3.13.9-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/isoflop
ENV PATH=/opt/isoflop/bin:$PATH
WORKDIR /source
COPY pyproject.toml requirements.lock README.md ./
COPY planner planner
COPY jobs jobs
COPY solvers solvers
COPY frontend frontend
# A private index: docker build --secret id=pip,src=$HOME/.config/pip/pip.conf .
RUN --mount=type=secret,id=pip,target=/etc/pip.conf PIP_CONSTRAINT=requirements.lock pip install '.[server]'
# These two are only read here: collecting files neither signs nor connects.
RUN ISOFLOP_SECRET_KEY=only-for-collecting-static-files-at-build-time ISOFLOP_DATABASE_URL=postgresql://build@localhost/build \
    ISOFLOP_STATIC=/opt/isoflop/static DJANGO_SETTINGS_MODULE=planner.settings python -m django collectstatic --no-input --verbosity 0

FROM python:3.13.9-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/isoflop isoflop \
    && install --directory --owner isoflop --group isoflop --mode 0700 /var/lib/isoflop
COPY --from=build /opt/isoflop /opt/isoflop
ENV PATH=/opt/isoflop/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=planner.settings \
    ISOFLOP_HOME=/var/lib/isoflop \
    ISOFLOP_STATIC=/opt/isoflop/static
WORKDIR /var/lib/isoflop
USER isoflop
EXPOSE 8000
CMD ["gunicorn", "planner.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
