#!/bin/bash
# This machine with a place for labs of its own, so that a documented `ocf-py lab up` meets no other
# one of the default name. Runs in fresh mount and process namespaces; the session begins in a folder
# that looks like the checkout.
#
#   host.sh CHECKOUT SCRIPT
set -euo pipefail
checkout=$1 script=$2

mkdir -p /run/ocfpy-lab /var/log/ocfpy-lab
mount -t tmpfs labs /run/ocfpy-lab
mount -t tmpfs logs /var/log/ocfpy-lab
mount -t tmpfs work /mnt
ln -s "$checkout"/{.venv,examples,agents,src,tests} /mnt/
cd /mnt
exec env -i HOME=/mnt TERM=dumb COLUMNS=80 LC_ALL=C.UTF-8 CHECKOUT="$checkout" \
    PATH="$checkout/.venv/bin:/usr/sbin:/usr/bin:/sbin:/bin" bash "$script"
