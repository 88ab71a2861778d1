#!/usr/bin/env bash
# Puts a real Home Assistant Core into an environment of its own, for `make test-real`.
# Ends with 0 when it is ready, with 75 when it cannot be installed here (no network, no CPython).
set -uo pipefail
cd "$(dirname "$0")/../.."

say() { printf '\033[2m[portero]\033[0m %s\n' "$*"; }
PLACE=.portero/home_assistant
# The newest Core for CPython 3.13.0, and what it would otherwise fetch while it starts.
PARTS=(homeassistant==2025.4.4 home-assistant-frontend==20250411.0
       pyotp==2.8.0 PyQRCode==1.2.1 paho-mqtt==2.1.0)
LIMIT="${PORTERO_INSTALL_SECONDS:-300}"
STAMP="$PLACE/.ready"
WANTED="${PARTS[*]}"

if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$WANTED" ] && "$PLACE/bin/python" -c '' 2>/dev/null; then
  exit 0
fi

UV="$(command -v uv || true)"
[ -n "$UV" ] || UV="$PWD/.portero/uv/bin/uv"
if [ ! -x "$UV" ]; then
  mkdir -p .portero
  { python3 -m venv .portero/uv && .portero/uv/bin/pip install --quiet uv; } >/dev/null 2>&1
fi

# Core of that version runs on 3.13 alone; the house's own interpreter if it is one.
PYTHON=3.13
if .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
  PYTHON="$PWD/.venv/bin/python"
fi

say "installing ${PARTS[0]} into $PLACE, at most $LIMIT seconds"
mkdir -p .portero
export UV PYTHON PLACE
SECONDS=0
timeout --kill-after=5 "$LIMIT" bash -c '
  "$UV" venv --quiet --clear --python "$PYTHON" "$PLACE" &&
  "$UV" pip install --quiet --python "$PLACE/bin/python" "$@"
' install "${PARTS[@]}" > .portero/home_assistant.log 2>&1 &
WORK=$!
while kill -0 "$WORK" 2>/dev/null; do
  sleep 1
  [ $((SECONDS % 10)) -eq 0 ] && say "… $SECONDS seconds"
done
if wait "$WORK" && "$PLACE/bin/python" -c "import homeassistant" 2>/dev/null; then
  printf '%s' "$WANTED" > "$STAMP"
  say "ready after $SECONDS seconds"
  exit 0
fi
say "Home Assistant cannot be installed here (stopped after $SECONDS seconds):"
tail -n 3 .portero/home_assistant.log | sed 's/^/    /'
exit 75
