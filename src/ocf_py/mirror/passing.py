"""The process of a pass, as the worker runs it: an order goes in, what was built comes out."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace

from ocf_py.system import background

from .daemon import presented_file
from .order import Order, load_answer, load_done
from .pass_child import BUILD, PART, SWEEP
from .settings import BTRFS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .order import Built
    from .settings import Settings

_PROGRAM = "ocf_py.mirror.pass_child"


def order_of(
    settings: Settings, folder: str, user: str, node: str, *, is_set_aside: bool = False
) -> Order:
    """What a pass from a node is told, by the settings and the folder of the worker here."""
    return Order(
        directory=settings.directory,
        store=settings.store,
        run=folder,
        address=settings.addresses[node],
        port=settings.port,
        user=user,
        secret_file=presented_file(folder),
        exclude=settings.exclude,
        max_delete=settings.max_delete,
        min_free=settings.min_free,
        bwlimit=settings.bwlimit,
        compress=settings.compress,
        aside=is_set_aside,
        held=settings.snapshot == BTRFS,
        parent=os.getpid(),
    )


class Passing:
    """Builds passes one at a time; ``user`` is the name that the peers know the secret by."""

    def __init__(self, settings: Settings, folder: str, user: Callable[[], str]) -> None:
        self._settings = settings
        self._folder = folder
        self._user = user

    async def build(self, node: str, is_set_aside: bool) -> Built:  # noqa: FBT001 - see Build
        """Build a pass from a node; the live tree ``is_set_aside`` then, or gives way.

        PassRefused says why there is none. Cancelled, its process is killed.
        """
        said = await self._run(BUILD, self._order(node, is_set_aside=is_set_aside))
        return load_answer(said)

    async def part(self, name: str) -> None:
        """Have a tree that was set aside share no file with the live one; PassRefused if it does.

        Cancelled, its process is killed: what it has done so far stays.
        """
        order = replace(self._order(self._settings.node), kept=name)
        load_done(await self._run(PART, order))

    async def sweep(self) -> None:
        """Remove what was discarded in the store: seconds for a tree of many files."""
        await self._run(SWEEP, self._order(self._settings.node))

    def _order(self, node: str, *, is_set_aside: bool = False) -> Order:
        user = self._user()
        return order_of(self._settings, self._folder, user, node, is_set_aside=is_set_aside)

    @staticmethod
    async def _run(job: str, order: Order) -> str:
        program = f"{os.path.dirname(background.__file__)}/detached.py"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-ISB",
            program,
            _PROGRAM,
            job,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            said, _ = await process.communicate(order.dump().encode("utf-8", "surrogateescape"))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return said.decode("utf-8", "surrogateescape")
