# Two stages: a workshop with PyTorch and Node that exports the model and fetches the page assets,
# and a runtime that carries what they leave. The runtime has no compiler, no torch and no root.
FROM python:3.11-slim-bookworm AS workshop
WORKDIR /app
COPY . .
RUN deploy/install.sh
RUN python -m venv /opt/tollfree \
 && python deploy/lock.py print serve > /tmp/serve.txt \
 && /opt/tollfree/bin/pip install --no-cache-dir --no-deps -r /tmp/serve.txt \
 && /opt/tollfree/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e . -e sdk/python \
 && mv .venv/share/tollfree/models /opt/models \
 && rm -rf .venv web/node_modules

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /data tollfree
COPY --from=workshop /opt/tollfree /opt/tollfree
COPY --from=workshop /opt/models /opt/models
COPY --from=workshop /app /app
WORKDIR /app
ENV PATH=/opt/tollfree/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TOLLFREE_DATA=/data \
    TOLLFREE_HOST=0.0.0.0 \
    TOLLFREE_MODELS=/opt/models
USER tollfree
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "deploy/healthcheck.py", "http://127.0.0.1:8787/livez"]
CMD ["tollfree", "serve"]
