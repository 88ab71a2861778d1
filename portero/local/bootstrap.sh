#!/usr/bin/env bash
# Makes .venv ready: finds a CPython 3.13 or newer, gets uv, installs the locked requirements.
# Says what it does; a second run with nothing to do takes well under a second.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '\033[2m[portero]\033[0m %s\n' "$*"; }
LOCK=requirements/all.txt
STAMP=.venv/.portero-ready
WANTED="$(cat "$LOCK" pyproject.toml | sha256sum | cut -d' ' -f1)"

if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$WANTED" ] && .venv/bin/python -c '' 2>/dev/null; then
  exit 0
fi

works() { [ -n "${1:-}" ] && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in "${PORTERO_PYTHON:-}" python3.14 python3.13 python3 \
      "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python3; do
    candidate="$(command -v "$candidate" 2>/dev/null || true)"
    if works "$candidate"; then printf '%s' "$candidate"; return; fi
  done
}

find_uv() {
  if command -v uv >/dev/null; then command -v uv; return; fi
  if [ ! -x .portero/uv/bin/uv ]; then
    say "getting uv, the installer" >&2
    mkdir -p .portero
    if ! python3 -m venv .portero/uv >/dev/null 2>&1; then
      # Debian without python3-venv: pip can still install into a folder.
      rm -rf .portero/uv
      python3 -m pip install --quiet --target .portero/uv uv >&2
    else
      .portero/uv/bin/pip install --quiet uv >&2
    fi
  fi
  printf '%s' "$PWD/.portero/uv/bin/uv"
}

UV="$(find_uv)"
PYTHON="$(find_python)"
if [ -z "$PYTHON" ]; then
  say "no CPython 3.13 here; uv fetches one"
  PYTHON=3.13
fi
if ! works .venv/bin/python; then
  say "making .venv with $PYTHON"
  "$UV" venv --quiet --clear --python "$PYTHON" .venv
fi
say "installing $(grep -c '==' "$LOCK") locked packages"
"$UV" pip install --python .venv/bin/python --require-hashes --requirements "$LOCK"
"$UV" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
printf '%s' "$WANTED" > "$STAMP"
say "ready"
