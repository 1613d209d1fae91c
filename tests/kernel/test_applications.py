"""Real applications under Service: PostgreSQL, nginx and Redis, on a disk that can fill up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance.sandbox import Sandbox
from tests.kernel.calling import Installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_TIMEOUT = 60.0
_RECURRING = 10_000
_PATIENCE = 15.0


class Application(Installed):
    """One application on a file system of its own, mounted on /mnt."""

    instance = "app"

    def __init__(self, sandbox: Sandbox, agents: Path, parameters: dict[str, str]) -> None:
        super().__init__(sandbox, agents, "Service")
        self.parameters = parameters

    def close(self) -> None:
        self.caller.close()

    def call(self, action: str, **changed: Any) -> int | None:
        return super().call(action, **{"timeout": _TIMEOUT, **self.parameters, **changed})

    def monitor(self, level: int = 0, **changed: str) -> int | None:
        return self.call("monitor", interval=_RECURRING, level=level, **changed)

    def run(self, *words: str) -> str:
        return self.sandbox.run(words, check=True, timeout=60).stdout

    def main(self) -> str:
        """The pid of the main process, as the record knows it."""
        (record,) = (self.sandbox.root / "run/ocfpy").glob("Service.app")
        return record.read_text().partition("fact main=")[2].partition(":")[0]

    def children(self) -> dict[str, str]:
        """The main process's children: pid → command line."""
        shown = self.run("ps", "-o", "pid=,args=", "--ppid", self.main())
        found = [line.split(None, 1) for line in shown.splitlines()]
        return dict(found)

    def is_gone(self, name: str) -> bool:
        return self.sandbox.run(["pgrep", "-f", name]).returncode == 1

    def fill_disk(self) -> None:
        self.sandbox.run(["sh", "-c", "cat /dev/zero >/mnt/filling"])

    def free_disk(self) -> None:
        self.run("rm", "/mnt/filling")

    def await_(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < end, (what, self.reason)
            time.sleep(0.1)


@pytest.fixture
def host(installed_agents: Path) -> Iterator[Sandbox]:
    """A host with control groups, and a small disk that Filesystem has mounted on /mnt."""
    with Sandbox() as sandbox:
        sandbox.run(["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], check=True)
        sandbox.run(["truncate", "--size=256M", "/run/disk"], check=True)
        sandbox.run(["mkfs.ext4", "-q", "-m", "0", "/run/disk"], check=True)
        parameters = {"device": "/run/disk", "directory": "/mnt", "fstype": "ext4"}
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HA_LOGFACILITY": "none",
            "OCF_RESOURCE_INSTANCE": "disk",
            **{f"OCF_RESKEY_{name}": text for name, text in parameters.items()},
        }
        agent = installed_agents / "Filesystem"
        sandbox.run([agent, "start"], env=environment, check=True)
        yield sandbox
        # Whatever was done to the application, its stop has left nobody on the disk.
        left = sandbox.run([agent, "stop"], env=environment)
        assert left.returncode == 0, left.stderr


# ---------------------------------------------------------------------- PostgreSQL


def _postgres_tools() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    assert found, "the package postgresql is not installed: make setup"
    return found[-1].parent


@pytest.fixture
def postgres(host: Sandbox, installed_agents: Path) -> Iterator[Application]:
    tools = _postgres_tools()
    host.run(["install", "-d", "-o", "postgres", "-m", "700", "/mnt/pg"], check=True)
    initdb = [f"{tools}/initdb", "--pgdata=/mnt/pg", "--auth=trust", "--no-sync"]
    host.run(["runuser", "-u", "postgres", "--", *initdb], timeout=90, check=True)
    made = Application(
        host,
        installed_agents,
        {
            "command": f"{tools}/postgres",
            # The sandbox's /dev has no /dev/shm.
            "args": "-D /mnt/pg -k /mnt/pg -c listen_addresses='' "
            "-c dynamic_shared_memory_type=mmap",
            "user": "postgres",
            "pidfile": "/mnt/pg/postmaster.pid",
            "logfile": "/mnt/pg/log",
            "ready": f"{tools}/pg_isready --quiet --host=/mnt/pg",
            "health": "/usr/bin/psql --host=/mnt/pg -Atqc 'SELECT 1' postgres",
            "deep_health": "/usr/bin/psql --host=/mnt/pg -Atqc "
            "'CREATE TEMP TABLE t AS SELECT generate_series(1, 300000)' postgres",
            "stop_signals": "INT@0 QUIT@50% KILL@80%",
        },
    )
    yield made
    made.call("stop")
    made.close()


def _sql(app: Application, statement: str) -> str:
    return app.run("psql", "-U", "postgres", "--host=/mnt/pg", "-Atqc", statement, "postgres")


def test_postgresql_is_ready_when_it_is_started_and_keeps_what_it_has_committed(
    postgres: Application,
) -> None:
    assert postgres.call("start") == 0, postgres.reason
    assert _sql(postgres, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)") == ""
    assert [postgres.monitor(level) for level in (0, 10, 20)] == [0, 0, 0]

    postgres.run("kill", "-KILL", postgres.main())
    assert postgres.monitor() in (1, 7)
    assert postgres.call("start") == 0, postgres.reason
    assert _sql(postgres, "INSERT INTO kept VALUES (2); SELECT count(*) FROM kept") == "2\n"

    main = postgres.main()
    (worker,) = [pid for pid, line in postgres.children().items() if "checkpointer" in line]
    postgres.run("kill", "-KILL", worker)
    postgres.await_(lambda: postgres.monitor(10) == 0, "it recovers by itself")
    assert postgres.main() == main
    assert _sql(postgres, "SELECT count(*) FROM kept") == "2\n"

    assert postgres.call("stop") == 0, postgres.reason
    assert postgres.is_gone("bin/postgres")
    assert postgres.monitor() == 7
    log = (postgres.sandbox.root / "mnt/pg/log").read_text()
    assert "database system is shut down" in log.splitlines()[-1]


def test_postgresql_on_a_full_disk_is_ill_and_stops_all_the_same(postgres: Application) -> None:
    assert postgres.call("start") == 0, postgres.reason
    _sql(postgres, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
    postgres.fill_disk()
    assert postgres.monitor() == 0
    assert postgres.monitor(20) == 1
    assert "free disk space" in postgres.reason
    assert postgres.call("stop") == 0, postgres.reason
    assert postgres.is_gone("bin/postgres")
    postgres.free_disk()
    assert postgres.call("start") == 0, postgres.reason
    assert _sql(postgres, "SELECT count(*) FROM kept") == "1\n"
    assert postgres.monitor(20) == 0


def test_postgresql_that_is_stopped_in_its_tracks_stops(postgres: Application) -> None:
    assert postgres.call("start") == 0, postgres.reason
    postgres.run("kill", "-STOP", postgres.main())
    assert postgres.monitor(10, health_timeout="1s") == 1
    assert postgres.call("stop") == 0, postgres.reason
    assert postgres.is_gone("bin/postgres")


# ---------------------------------------------------------------------- nginx

_NGINX = """\
user www-data;
worker_processes 2;
pid /mnt/nginx.pid;
error_log /mnt/error.log;
events {}
http {
    access_log off;
    client_body_temp_path /mnt/body;
    proxy_temp_path /mnt/proxy;
    fastcgi_temp_path /mnt/fastcgi;
    uwsgi_temp_path /mnt/uwsgi;
    scgi_temp_path /mnt/scgi;
    server { listen 127.0.0.1:8080; location / { return %s 'x'; } }
}
"""


@pytest.fixture
def nginx(host: Sandbox, installed_agents: Path) -> Iterator[Application]:
    (host.root / "mnt/nginx.conf").write_text(_NGINX % 200)
    made = Application(
        host,
        installed_agents,
        {
            "command": "/usr/sbin/nginx",
            "args": "-c /mnt/nginx.conf -e /mnt/error.log",
            "pidfile": "/mnt/nginx.pid",
            "ready": "tcp://127.0.0.1:8080",
            "health": "http://127.0.0.1:8080/",
            "errlogfile": "/mnt/stderr",
            "reload_signal": "HUP",
            "stop_signals": "QUIT@0 TERM@50% KILL@80%",
        },
    )
    yield made
    made.call("stop")
    made.close()


def test_nginx_daemonizes_and_is_followed(nginx: Application) -> None:
    assert nginx.call("start") == 0, nginx.reason
    assert nginx.main() == (nginx.sandbox.root / "mnt/nginx.pid").read_text().strip()
    assert [nginx.monitor(level) for level in (0, 10)] == [0, 0]

    worker = min(nginx.children())
    nginx.run("kill", "-KILL", worker)
    nginx.await_(lambda: len(nginx.children()) == 2, "it replaces its worker")
    assert nginx.monitor(10) == 0

    (nginx.sandbox.root / "mnt/nginx.conf").write_text(_NGINX % 503)
    assert nginx.call("reload") == 0
    nginx.await_(lambda: nginx.monitor(10) == 1, "it has read its configuration")
    assert "status 503" in nginx.reason

    assert nginx.call("stop") == 0, nginx.reason
    assert nginx.is_gone("nginx: ")
    assert nginx.monitor() == 7


def test_nginx_whose_master_is_killed_is_a_failure_that_start_makes_good(
    nginx: Application,
) -> None:
    assert nginx.call("start") == 0, nginx.reason
    nginx.run("kill", "-KILL", nginx.main())
    assert nginx.monitor(10) == 1
    assert "(nginx, user" in nginx.reason
    assert nginx.call("start") == 0, nginx.reason
    assert nginx.monitor(10) == 0
    nginx.run("kill", "-KILL", nginx.main())
    assert nginx.call("stop") == 0, nginx.reason
    assert nginx.is_gone("nginx: ")


def test_nginx_with_a_broken_configuration_is_not_started(nginx: Application) -> None:
    (nginx.sandbox.root / "mnt/nginx.conf").write_text("nonsense")
    assert nginx.call("start") == 1
    assert "nginx ended with status 1" in nginx.reason
    assert "unexpected end of file" in nginx.reason
    assert nginx.call("stop") == 0


# ---------------------------------------------------------------------- Redis


@pytest.fixture
def redis(host: Sandbox, installed_agents: Path) -> Iterator[Application]:
    host.run(["install", "-d", "-o", "redis", "-m", "700", "/mnt/redis"], check=True)
    client = "/usr/bin/redis-cli -p 6380 -e"
    made = Application(
        host,
        installed_agents,
        {
            "command": "/usr/bin/redis-server",
            "args": "--port 6380 --daemonize yes --dir /mnt/redis --pidfile /mnt/redis/pid "
            "--appendonly yes --appendfsync always --save ''",
            "user": "redis",
            "pidfile": "/mnt/redis/pid",
            "ready": f"{client} ping",
            "health": f"{client} ping",
            "deep_health": f"{client} set probe 1",
        },
    )
    yield made
    made.call("stop")
    made.close()


def test_redis_keeps_what_it_has_acknowledged(redis: Application) -> None:
    assert redis.call("start") == 0, redis.reason
    assert redis.run("redis-cli", "-p", "6380", "set", "kept", "1") == "OK\n"
    assert [redis.monitor(level) for level in (0, 10, 20)] == [0, 0, 0]
    redis.run("kill", "-KILL", redis.main())
    assert redis.monitor() == 7
    assert redis.call("start") == 0, redis.reason
    assert redis.run("redis-cli", "-p", "6380", "get", "kept") == "1\n"
    assert redis.call("stop") == 0, redis.reason
    assert redis.is_gone("redis-server")


def test_redis_on_a_full_disk_ends_and_comes_back(redis: Application) -> None:
    assert redis.call("start") == 0, redis.reason
    redis.run("redis-cli", "-p", "6380", "set", "kept", "1")
    redis.fill_disk()
    value = "x" * 20_000
    redis.sandbox.run(["redis-cli", "-p", "6380", "set", "more", value])
    assert redis.monitor(20) in (1, 7)
    assert redis.call("stop") == 0, redis.reason
    assert redis.is_gone("redis-server")
    redis.free_disk()
    assert redis.call("start") == 0, redis.reason
    assert redis.run("redis-cli", "-p", "6380", "get", "kept") == "1\n"


# ---------------------------------------------------------------------- read-only


@pytest.mark.parametrize(
    ("name", "level", "code"),
    [("postgres", 20, 1), ("nginx", 10, 0), ("redis", 20, 1)],
)
def test_on_a_disk_that_an_error_made_read_only_both_agents_stop_clean(
    request: pytest.FixtureRequest, installed_agents: Path, name: str, level: int, code: int
) -> None:
    """Filesystem sees it at every depth, a check of Service if it writes; the fixture unmounts."""
    app: Application = request.getfixturevalue(name)
    disk = Installed(app.sandbox, installed_agents, "Filesystem")
    one = {"device": "/run/disk", "directory": "/mnt", "fstype": "ext4"}
    looks: dict[str, Any] = {"interval": _RECURRING, "instance": "disk", **one}
    try:
        assert app.call("start") == 0, app.reason
        assert app.monitor(level) == 0, app.reason
        assert disk.call("monitor", **looks) == 0, disk.reason
        app.run("mount", "-o", "remount,errors=remount-ro", "/mnt")
        loop = Path(app.run("findmnt", "-n", "-o", "SOURCE", "/mnt").strip()).name
        app.run("sh", "-c", f"echo 1 >/sys/fs/ext4/{loop}/trigger_fs_error")
        assert app.sandbox.run(["touch", "/mnt/x"]).returncode == 1, "it takes writes all the same"
        assert disk.call("monitor", **looks) == 1
        assert "/mnt" in disk.reason
        assert app.monitor(level) == code, app.reason
        assert app.call("stop") == 0, app.reason
        assert app.monitor() == 7
    finally:
        disk.caller.close()
