#!/bin/busybox sh
# Puts a guest's root together (the image below, the node's own disk above) and hands over to it.
B=/bin/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B mount -t devtmpfs dev /dev

stop() {
    echo "lab: initrd: $1" >/dev/console
    $B poweroff -f
}
find_disk() {
    tries=0
    while [ $tries -lt 100 ]; do
        for disk in /sys/block/vd*; do
            [ -e "$disk/serial" ] && [ "$($B cat "$disk/serial")" = "$1" ] && {
                echo "/dev/${disk##*/}"
                return
            }
        done
        tries=$((tries + 1))
        $B usleep 50000
    done
    return 1
}

for word in $($B cat /proc/cmdline); do
    [ "$word" = lab.probe ] && { echo "lab: probe" >/dev/console; $B poweroff -f; }
done
for module in /modules/*; do
    $B insmod "$module" || stop "no module ${module##*/}"
done
image=$(find_disk image) || stop "no disk with the image"
own=$(find_disk own) || stop "no disk of its own"
seed=$(find_disk seed) || stop "no disk with the node's files"
$B mount -t ext4 -o ro "$image" /image || stop "cannot mount the image"
$B mount -t ext4 -o noatime "$own" /own || stop "cannot mount the node's own disk"
$B mkdir -p /own/upper /own/work
$B mount -t overlay -o lowerdir=/image,upperdir=/own/upper,workdir=/own/work overlay /root ||
    stop "cannot lay the node's disk over the image"
$B mount -t ext4 -o ro "$seed" /root/lab || stop "cannot mount the node's files"
for tree in dev proc sys; do
    $B mount --move /$tree /root/$tree
done
echo "lab: initrd: done" >/root/dev/console
begin="import sys; sys.path.insert(0, '/lab'); from ocf_py.lab.vm.inside import guest; guest.main()"
exec $B switch_root /root /usr/bin/python3 -ISBc "$begin"
