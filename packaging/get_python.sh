#!/bin/sh
# Installs the system's Python on a machine that has none; all else is written in Python.
set -eu
case $1 in /usr/bin/python3) ;; *) echo "no interpreter at $1; name another: make PYTHON=..." >&2; exit 1 ;; esac
[ "$(id -u)" = 0 ] || { echo "$1 is missing, and this is not root: install the package python3" >&2; exit 1; }
echo "installing system packages: python3"
if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    tries=100  # of 3 seconds: a fresh machine's own apt-daily may hold a lock
    until log=$(LC_ALL=C apt-get -q update 2>&1 &&
        LC_ALL=C apt-get -q install -y --no-install-recommends python3 2>&1); do
        tries=$((tries - 1))
        case $tries:$log in
        [1-9]*:*"Could not get lock"*) sleep 3 ;;
        *) echo "$log" >&2; echo "could not install python3; the cause stands above" >&2; exit 1 ;;
        esac
    done
elif command -v dnf >/dev/null; then
    dnf -q install -y --setopt=install_weak_deps=False python3
else
    echo "neither apt-get nor dnf is here: install Python 3.9 or later as $1" >&2; exit 1
fi
