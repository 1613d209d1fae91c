#!/bin/bash
# A machine of its own for one session of documented commands: what they install, write and start is
# gone with it. Runs in fresh mount, network, process and IPC namespaces; the session begins in an
# empty folder, the checkout's examples in it.
#
#   enclosure.sh CHECKOUT TOOLS INSTALLED SCRIPT
#
# TOOLS: folders of commands, as in a PATH; INSTALLED: a root that `ocf-py install` has filled.
set -euo pipefail
checkout=$1 tools=$2 installed=$3 script=$4

mount -t tmpfs enclosure /srv
for folder in etc usr var; do
    mkdir -p "/srv/.disk/$folder/upper" "/srv/.disk/$folder/work"
    options=lowerdir=/$folder,upperdir=/srv/.disk/$folder/upper,workdir=/srv/.disk/$folder/work
    mount -t overlay -o "$options" enclosure "/$folder"
done
mount -t tmpfs enclosure /run
mkdir /run/lock /run/mount
ip link set lo up

rm -rf /usr/lib/ocf/{lib,resource.d}/ocfpy
cp -a "$installed/usr/lib/ocf/." /usr/lib/ocf/

mkdir /srv/home /srv/work
cd /srv/work
ln -s "$checkout/examples" examples
exec env -i HOME=/srv/home TERM=dumb COLUMNS=80 LC_ALL=C.UTF-8 CHECKOUT="$checkout" \
    PATH="$tools:/usr/sbin:/usr/bin:/sbin:/bin" bash "$script"
