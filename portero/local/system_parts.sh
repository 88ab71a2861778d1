#!/usr/bin/env bash
# Installs the system parts the tests use, where it may (root on Debian); says what is left out where not.
set -uo pipefail
say() { printf '\033[2m[portero]\033[0m %s\n' "$*"; }
export PATH="$PATH:/usr/sbin"

# Some readers of what we write want their own versions of much, or do not bear ours: they live apart.
apart() {
  local name="$1" want="$2" without="$3" env=".portero/$1" uv
  [ -f "$env/.ready" ] && [ "$(cat "$env/.ready")" = "$want" ] && return
  uv="$(command -v uv || echo .portero/uv/bin/uv)"
  say "installing $want into an environment of its own"
  if timeout 300 "$uv" venv --quiet --clear --python .venv/bin/python "$env" >/dev/null 2>&1 &&
     timeout 300 "$uv" pip install --quiet --python "$env/bin/python" "$want" >/dev/null 2>&1; then
    printf '%s' "$want" >"$env/.ready"
  else
    say "$want cannot be installed here: $without is left out"
  fi
}
cd "$(dirname "$0")/../.."
apart esphome "esphome==2026.10.0" "whether it accepts the ESP32 files"
apart moto "moto[server]==5.2.5" "files in a store that speaks S3"
apart schemathesis "schemathesis==4.32.5" "calling every operation with random data"

missing=()
command -v chronyd >/dev/null || missing+=(chrony)
command -v strace >/dev/null || missing+=(strace)
command -v faketime >/dev/null || missing+=(faketime)
command -v mosquitto >/dev/null || missing+=(mosquitto)
command -v chromium >/dev/null || missing+=(chromium)
command -v pdffonts >/dev/null || missing+=(poppler-utils)
# What papers are set with: shaping of every script, and letters of every language we speak.
library() { ldconfig -p | grep -q "$1"; }
letters() { command -v fc-list >/dev/null && fc-list | grep -qi "$1"; }
library 'libpango-1.0.so.0' || missing+=(libpango-1.0-0)
library 'libpangoft2-1.0.so.0' || missing+=(libpangoft2-1.0-0)
library 'libharfbuzz-subset.so.0' || missing+=(libharfbuzz-subset0)
letters 'NotoSansArabic' || missing+=(fontconfig fonts-noto-core)
letters 'NotoSansCJK' || missing+=(fonts-noto-cjk)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  say "installing ${missing[*]}"
  if apt-get update -qq >/dev/null 2>&1 &&
     DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    exit 0
  fi
fi
for part in "${missing[@]}"; do
  case "$part" in
    strace) say "strace is not installed and may not be: kills at every write and failing disks are left out" ;;
    faketime) say "faketime is not installed and may not be: whole processes under a wrong clock are left out" ;;
    chrony) say "chrony is not installed and may not be: whether it accepts its file is left out" ;;
    mosquitto) say "mosquitto is not installed and may not be: broker tests run on the embedded broker only" ;;
    poppler-utils) say "poppler-utils is not installed and may not be: which fonts a paper carries is not looked at" ;;
    libpango*|libharfbuzz*) say "$part is not installed and may not be: no paper can be printed, and its tests fail" ;;
    fonts-noto-*) say "$part is not installed and may not be: papers show boxes where its letters belong" ;;
    chromium)  say "chromium is not installed and may not be: the page tests in a real browser are left out" ;;
  esac
done
exit 0
