#!/bin/sh
# Make .venvs/clients: clients of other makers that want other versions than we do, for the tests.
#
# Exact versions, nothing resolved. A second run finds everything in place; an interrupted one
# starts again.
set -eu
cd "$(dirname "$0")/.."
LOCK=tests/conformance/clients/requirements.txt
VENV=.venvs/clients
STAMP=$VENV/.installed

if [ -f "$STAMP" ] && cmp -s "$LOCK" "$STAMP"; then
    exit 0
fi
[ -x "$VENV/bin/python" ] || .venv/bin/python -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --no-deps -r "$LOCK"
cp "$LOCK" "$STAMP"
