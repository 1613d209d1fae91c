"""How a database is made on an empty disk, once and on one node, as the examples want it."""

from __future__ import annotations

ADDRESS = "10.77.2.100"
PLACE = "/srv/database"
_BIN = "/usr/lib/postgresql/15/bin"
_AS_POSTGRES = "setpriv --reuid=postgres --regid=postgres --clear-groups --reset-env"


def making(device: str, *, is_small: bool = False) -> str:
    """A script for sh: a file system on ``device``, on it the server's data and our table.

    ``is_small``: what it writes ahead comes in small pieces, for a disk of 64 MiB.
    """
    options = "--wal-segsize=1" if is_small else ""
    settings = "min_wal_size = 2MB\nmax_wal_size = 8MB" if is_small else ""
    return f"""
set -e
mkfs.ext4 -q -F {device}
mkdir -p {PLACE}
mount {device} {PLACE}
install -d -o postgres -g postgres -m 700 {PLACE}/data
{_AS_POSTGRES} {_BIN}/initdb -D {PLACE}/data --auth=trust --no-sync --no-instructions {options} \
    >/dev/null
cat >> {PLACE}/data/postgresql.conf <<END
listen_addresses = '*'
unix_socket_directories = ''
{settings}
END
echo 'host all all 10.77.2.0/24 trust' >> {PLACE}/data/pg_hba.conf
echo 'CREATE TABLE numbers (n integer PRIMARY KEY)' |
    {_AS_POSTGRES} {_BIN}/postgres --single -D {PLACE}/data postgres >/dev/null
umount {PLACE}
"""
