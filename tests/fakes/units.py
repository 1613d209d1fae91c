"""Units that go through states as they are told, behind the seam of Service."""

from __future__ import annotations

from ocf_py.service.units import State


class FakeUnits:
    """One unit: `states` are those it goes through, one a question; the last one stays.

    One that ends in "+job" has a job that waits. `triggers` are what starts it: name → state.
    """

    def __init__(self, *states: str, load: str = "loaded", enabled: str = "disabled") -> None:
        self.states = list(states)
        self.load = load
        self.enabled = enabled
        self.is_booted = True
        self.unanswered = 0
        self.is_unread = False
        self.triggers: dict[str, str] = {}
        self.result = "exit-code"
        self.fails_to_lift = False
        self.after_start = ["active"]
        self.after_stop = ["inactive"]
        self.after_kill = ["failed"]
        self.left: list[str] = []
        self.survived: tuple[str, ...] = ()
        self.done: list[str] = []
        self.drop_ins: dict[str, str] = {}

    def is_there(self) -> bool:
        return self.is_booted

    def show(self, name: str) -> State:
        if name in self.triggers:
            return State("loaded", self.triggers[name])
        if self.unanswered:
            self.unanswered -= 1
            raise OSError(0, "Connection refused")
        now = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return State(
            self.load,
            now.removesuffix("+job"),
            "sub",
            self.result,
            self.enabled,
            has_job=now.endswith("+job"),
            is_unread=self.is_unread,
            triggers=list(self.triggers),
        )

    def _do(self, what: str, states: list[str]) -> None:
        self.done.append(what)
        self.states = list(states)

    def start(self, _name: str) -> None:
        self._do("start", self.after_start)

    def stop(self, name: str) -> None:
        if name in self.triggers:
            self.done.append(f"stop {name}")
            self.triggers[name] = "inactive"
        else:
            self._do("stop", self.after_stop)

    def kill(self, _name: str, signal: str) -> None:
        self._do(signal, self.after_kill)
        if signal not in self.survived:
            self.left = []

    def members(self, _state: State) -> list[str]:
        return self.left

    def reset_failed(self, _name: str) -> None:
        assert self.states[0] == "failed"
        self._do("reset", ["inactive"])

    def reload(self, _name: str) -> None:
        self.done.append("reload")

    def journal(self, _name: str, _invocation: str) -> str:
        return "the disk is gone"

    def write_drop_in(self, name: str, content: str, *, is_unread: bool) -> None:
        assert name.endswith(".service")
        assert "Restart=no" in content
        if self.drop_ins.get(name) != content or is_unread:
            self.done.append("drop-in")
        self.drop_ins[name] = content
        self.is_unread = False

    def lift_drop_in(self, name: str, mark: str) -> None:
        if self.fails_to_lift:
            raise OSError(28, "No space left on device")
        if self.drop_ins.get(name, mark) != mark:
            self.drop_ins[name] = mark
            self.done.append("lifted")

    def find_drop_ins(self, beginning: str) -> list[str]:
        return [name for name, text in self.drop_ins.items() if text.startswith(beginning)]
