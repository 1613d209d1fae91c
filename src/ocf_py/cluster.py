"""Pacemaker's own store, as an agent sees it: promotion score, node attributes, notify environment.

Reached through crm_attribute and attrd_updater, which Pacemaker installs beside itself.
"""

from __future__ import annotations

from .outcomes import MINUS_INFINITY, Failure, NotInstalled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .deadline import Deadline
    from .environment import Environment
    from .log import Log

_LIMIT = 5.0  # seconds for one of Pacemaker's tools: they answer in milliseconds, or not at all
_ATTRIBUTE_WORDS = 7  # a line of attrd_updater, parted at its quotes
_FIRST_WITH_PROMOTION = (3, 9, 0)  # crm_feature_set of Pacemaker 2.1.0: crm_attribute --promotion


class Notification:
    """What a `notify` call announces: kind "pre" or "post", the operation, and who is concerned.

    Source: Pacemaker Administration, "Clone Resource Agent Requirements".
    """

    __slots__ = ("_meta", "kind", "operation")

    def __init__(self, meta: dict[str, str]) -> None:
        self._meta = meta
        self.kind = meta.get("notify_type", "")
        self.operation = meta.get("notify_operation", "")

    def instances(self, group: str) -> list[str]:
        """Name the instances of a group.

        Groups: start, stop, promote, demote, active, promoted, unpromoted, inactive.
        """
        return self._words(group, "resource")

    def nodes(self, group: str) -> list[str]:
        """Name the nodes of the same groups, and of available and all."""
        return self._words(group, "uname")

    def _words(self, group: str, what: str) -> list[str]:
        text = self._meta.get(f"notify_{group}_{what}")
        if text is None:  # Pacemaker before 2.1 knows the older words alone
            older = {"promoted": "master", "unpromoted": "slave"}.get(group, group)
            text = self._meta.get(f"notify_{older}_{what}", "")
        return text.split()  # an empty list arrives as one blank


class Cluster:
    """The cluster's attributes of this resource and this node."""

    __slots__ = ("_deadline", "_environment", "_log")

    def __init__(self, environment: Environment, deadline: Deadline, log: Log) -> None:
        self._environment = environment
        self._deadline = deadline
        self._log = log

    @property
    def notification(self) -> Notification:
        """What this `notify` call announces."""
        return Notification(self._environment.meta)

    def set_promotion_score(self, score: int) -> bool:
        """Say how good a candidate for promotion this instance is; a failure is logged alone."""
        text = "-INFINITY" if score <= MINUS_INFINITY else str(score)
        return self._promotion("-v", text)

    def delete_promotion_score(self) -> None:
        """Take this instance out of the running: for `stop`; a failure is logged alone."""
        self._promotion("-D")

    def set_attribute(self, name: str, value: str) -> None:
        """Set a transient attribute of this node; Failure if that cannot be done."""
        self._run(["attrd_updater", *self._node(), "-n", name, "-U", value])

    def delete_attribute(self, name: str) -> None:
        """Delete a transient attribute of this node; Failure if that cannot be done."""
        self._run(["attrd_updater", *self._node(), "-n", name, "-D"])

    def attribute(self, name: str) -> str:
        """Return a transient attribute of this node, "" where it is not set."""
        status, output = self._try(
            ["crm_attribute", *self._node(), "-l", "reboot", "-n", name, "--query", "--quiet"]
        )
        return output.strip() if status == 0 else ""

    def attributes(self, name: str) -> dict[str, str]:
        """Return a transient attribute of all nodes, by node; Failure if it cannot be read."""
        status, output = self._try(["attrd_updater", "-n", name, "-A", "-Q"])
        if status != 0:
            if "does not exist" in output:
                return {}
            raise Failure(f"attrd_updater -n {name} -A -Q ended with {status}: {output.strip()}")
        found = {}
        for line in output.splitlines():
            # name="generation" host="n1" value="3-ab12": no value of ours has a quote in it
            words = line.split('"')
            if len(words) == _ATTRIBUTE_WORDS:
                found[words[3]] = words[5]
        return found

    def _promotion(self, *what: str) -> bool:
        instance = self._environment.instance
        if self._environment.feature_set and self._environment.feature_set < _FIRST_WITH_PROMOTION:
            argv = ["crm_master", "-r", instance, *self._node(), "-l", "reboot", *what]
        else:
            argv = [
                "crm_attribute",
                f"--promotion={instance}",
                *self._node(),
                "-l",
                "reboot",
                *what,
            ]
        try:
            self._run(argv)
        except Failure as failure:
            self._log.warning(f"promotion score: {failure.reason}")
            return False
        return True

    def _node(self) -> list[str]:
        return ["-N", self._environment.node] if self._environment.node else []

    def _run(self, argv: list[str]) -> str:
        status, output = self._try(argv)
        if status != 0:
            raise Failure(f"{' '.join(argv)} ended with {status}: {output.strip()}")
        return output

    def _try(self, argv: list[str]) -> tuple[int, str]:
        from .system import commands

        # A little time is left for them even when the deadline has passed: a refused promote
        # must not return before its score is set.
        limit = min(_LIMIT, max(self._deadline.remaining, self._deadline.margin / 4))
        try:
            done = commands.run(argv, limit, environment=self._environment.for_cluster_tools)
        except commands.ToolMissing as missing:
            raise NotInstalled(str(missing), hint="it comes with Pacemaker") from missing
        except OSError as error:
            raise Failure(f"{argv[0]}: {error.strerror}") from error
        return done.status, done.stdout if done.status == 0 else done.stderr
