#!/bin/sh
# Install clients of other makers for the conformance tests, in exact versions, apart from our own.
#
#   .venvs/clients                        Python clients that want other versions than we do
#   .venvs/llamaindex                     LlamaIndex, which wants others again
#   tests/conformance/node/node_modules   openai-node and the Vercel AI SDK
#
# Nothing is resolved and no script of a package runs. A second run finds everything in place; an
# interrupted one starts again.
set -eu
cd "$(dirname "$0")/.."
NODE=tests/conformance/node

is_done() { [ -f "$2" ] && cmp -s "$1" "$2"; }

for name in clients llamaindex; do
    venv=.venvs/$name
    lock=tests/conformance/$name/requirements.txt
    if ! is_done "$lock" "$venv/.installed"; then
        [ -x "$venv/bin/python" ] || .venv/bin/python -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --no-deps -r "$lock"
        cp "$lock" "$venv/.installed"
    fi
done
if ! is_done "$NODE/package-lock.json" "$NODE/node_modules/.installed"; then
    .venv/bin/python -c 'import subprocess, sys
from web.install_assets import npm_command
sys.exit(subprocess.call([*npm_command(), *sys.argv[2:]], cwd=sys.argv[1]))' \
        "$NODE" ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
    cp "$NODE/package-lock.json" "$NODE/node_modules/.installed"
fi
