#!/usr/bin/python3 -ISB
"""A daemon that behaves as its arguments say; each of its processes is called after its role.

stay                nothing but live
fork                become a daemon by two forks; the first process ends with 0
workers             have two workers
orphans             have a worker whose parent has ended
escape              have a child in a session of its own that has no parent and no environment
stubborn            ignore SIGTERM, in every process
exit=N              end with N
after=SECONDS       wait before all that follows
work=SECONDS        compute before all that follows
pidfile=PATH, file=PATH, tcp=PORT, unix=PATH, http=PORT:STATUS, notify
                    write its number, make a file, listen, say READY=1
count=PATH          write down each SIGHUP
"""

import os
import signal
import socket
import sys
import time


def call_me(role: str) -> None:
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write(role)


def live(role: str) -> None:
    call_me(role)
    while True:
        time.sleep(1000)


def child(role: str) -> int:
    pid = os.fork()
    if not pid:
        live(role)
    return pid


def orphan(role: str) -> None:
    first = os.fork()
    if not first:
        child(role)
        os._exit(0)
    os.waitpid(first, 0)


def escape() -> None:
    first = os.fork()
    if not first:
        os.setsid()
        if not os.fork():
            os.execve(sys.argv[0], [sys.argv[0], *STUBBORN, "escaped"], {})
        os._exit(0)
    os.waitpid(first, 0)


def fork_away() -> None:
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)


def compute(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def serve(port: int, status: str) -> None:
    listener = socket.create_server(("127.0.0.1", port))
    if os.fork():
        return
    call_me("server")
    while True:
        link, _ = listener.accept()
        link.recv(4096)
        link.sendall(f"HTTP/1.1 {status} X\r\n\r\n".encode())
        link.close()


def listen_at(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def notify() -> None:
    address = os.environ["NOTIFY_SOCKET"].replace("@", "\0")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(b"STATUS=up\nREADY=1\n", address)


STUBBORN = ["stubborn"] if "stubborn" in sys.argv else []
KEPT: list[object] = []


def main() -> None:  # noqa: C901, PLR0912 - one word after the other
    if STUBBORN:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "escaped" in sys.argv:
        live("escapee")
    call_me("main")
    for word in sys.argv[1:]:
        name, _, value = word.partition("=")
        if name == "fork":
            fork_away()
        elif name == "workers":
            child("worker"), child("worker")
        elif name == "orphans":
            orphan("worker")
        elif name == "escape":
            escape()
        elif name == "exit":
            sys.exit(int(value))
        elif name == "after":
            time.sleep(float(value))
        elif name == "work":
            compute(float(value))
        elif name in ("pidfile", "file"):
            with open(value, "w", encoding="ascii") as file:
                file.write(f"{os.getpid()}\n")
        elif name == "tcp":
            KEPT.append(socket.create_server(("127.0.0.1", int(value))))
        elif name == "unix":
            KEPT.append(listen_at(value))
        elif name == "http":
            port, _, status = value.partition(":")
            serve(int(port), status)
        elif name == "notify":
            notify()
        elif name == "count":
            signal.signal(signal.SIGHUP, lambda *_, path=value: note(path))
    live("main")


def note(path: str) -> None:
    with open(path, "a", encoding="ascii") as file:
        file.write("HUP\n")


main()
