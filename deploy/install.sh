#!/bin/sh
# Make .venv and fill it with the exact lock, in steps that say what they do and can be repeated.
#
#   deploy/install.sh          everything that `tollfree demo` needs
#   deploy/install.sh test     and what the tests and checks need
#
# Needs no root, no Docker and no compiler. A step that was interrupted starts again next time.
set -eu
cd "$(dirname "$0")/.."
VENV=.venv
PY=$VENV/bin/python
STARTED=$(date +%s)
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# The first imports happen in here; what they compile is what makes every later start fast.
unset PYTHONDONTWRITEBYTECODE

say() { printf '\033[1m▸ %s\033[0m  (%ss)\n' "$1" "$(($(date +%s) - STARTED))"; }
fail() { printf '✗ %s\n' "$1" >&2; exit 1; }

find_python() {
    for name in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    fail "Tollfree needs Python 3.11 or newer. Install it, or name one: make install PYTHON=/path/to/python3.11"
}

# The lines of some groups of constraints.txt, as a file that pip reads.
lock() { "$PY" deploy/lock.py print "$@" >"$VENV/lock.txt"; }

# pip installs the lock as it stands: exact versions, nothing resolved, nothing else. Byte code is
# left to the first import, below: compiling all of it would take longer than installing it.
pip_lock() {
    lock "$@"
    "$PY" -m pip install --no-deps --no-compile --progress-bar off -r "$VENV/lock.txt" 2>&1 |
        awk -v total="$(grep -c == "$VENV/lock.txt")" '
            /^Collecting|^Requirement already/ {n++; if (n % 10 == 0 || n == total) {printf "  %d of %d packages\n", n, total; fflush()}}
            /^Installing/ {print "  unpacking"; fflush()}
            /^ERROR/ {print "  " $0; fflush()}'
    # The pipe hides pip's own verdict; this is cheap and says the same.
    "$PY" -m pip install --no-deps --no-index --quiet -r "$VENV/lock.txt" 2>/dev/null ||
        fail "Some packages could not be installed. Run make install again."
}

install_torch() {
    want=$("$PY" deploy/lock.py print torch | grep '^torch==')
    "$PY" -c "from importlib.metadata import version as v; import sys; sys.exit(v('torch').partition('+')[0] != '${want#torch==}')" 2>/dev/null && return
    "$PY" -m pip install --no-deps --no-compile --no-index --quiet "$want" 2>/dev/null && return
    # uv knows where PyTorch's CPU builds are. Given seconds to answer, not minutes.
    UV_HTTP_TIMEOUT=8 UV_HTTP_RETRIES=0 VIRTUAL_ENV=$VENV timeout 150 \
        "$VENV/bin/uv" pip install --python "$PY" --no-deps --torch-backend=cpu "$want" && return
    # Without its dependencies even the CUDA build stays one wheel; `models build` says if it fails.
    "$PY" -m pip install --no-deps --no-compile "$want" && return
    printf '! PyTorch could not be installed. Tollfree runs without it, with a simpler matcher.\n' >&2
}

install_ours() {
    "$PY" -m pip install --quiet --no-deps --no-build-isolation -e sdk/python -e .
}

if [ "${1:-}" = test ]; then
    say "Installing what the tests need"
    pip_lock test
    say "Installing clients of other makers for the tests"
    deploy/outside_clients.sh
    touch "$VENV/.test-installed"
    exit 0
fi

if [ ! -x "$PY" ] || ! "$PY" -m pip --version >/dev/null 2>&1; then
    PYTHON_FOUND=$(find_python)
    say "Making $VENV with $("$PYTHON_FOUND" --version)"
    rm -rf "$VENV"
    "$PYTHON_FOUND" -m venv "$VENV" || fail "The venv module is missing; on Debian: apt install python3-venv"
fi
say "Installing the exact versions of constraints.txt"
pip_lock serve sample install models
say "Installing PyTorch, CPU build"
install_torch
say "Installing Tollfree itself"
install_ours
say "Fetching the portal's style sheets and scripts"
"$PY" -m web.install_assets
"$PY" -c "import openai, tollfree.demo, tollfree.match, tollfree.doctor"
say "Preparing the language model"
"$VENV/bin/tollfree" models build || printf '! The model could not be prepared; a simpler matcher serves meanwhile. Try: .venv/bin/tollfree models build\n' >&2
touch "$VENV/.installed"
say "Installed"
