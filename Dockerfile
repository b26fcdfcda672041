# An image of the gateway: Python, the locked dependencies, a wheel of this very commit, nothing else.
# docs/operate.md says how to build and run it.
ARG PYTHON=docker.io/library/python:3.13-slim

FROM ${PYTHON} AS build
# without a compiler one small module stays Python: it says the same, and a learned decision costs more
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
RUN python3 -m venv /opt/headgate
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/image.txt /src/requirements/
RUN /opt/headgate/bin/pip install --require-hashes -r /src/requirements/image.txt
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE NOTICE /src/
COPY src /src/src
RUN python3 -m pip wheel --no-deps --wheel-dir /wheels /src \
    && /opt/headgate/bin/pip install --no-deps --no-index /wheels/*.whl \
    && /opt/headgate/bin/pip uninstall --yes pip \
    && /opt/headgate/bin/headgate --version

FROM ${PYTHON}
COPY --from=build /opt/headgate /opt/headgate
ENV PATH=/opt/headgate/bin:$PATH HEADGATE_CONFIG=/etc/headgate/headgate.toml
RUN install --directory --owner=10001 --group=10001 /data
USER 10001:10001
# the ledger, its journal and the admin token lie where it is started
WORKDIR /data
VOLUME /data
EXPOSE 8787 8788
ENTRYPOINT ["headgate"]
CMD ["serve"]
