"""Service: any application, run and watched by the agent itself or as a unit of systemd."""

from __future__ import annotations

import ocf_py as ocf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ocf_py.service.checks import Check
    from ocf_py.service.machine import Machine
    from ocf_py.service.program import Program
    from ocf_py.service.stages import Stage
    from ocf_py.service.supervision import Supervision
    from ocf_py.service.unit import UnitService
    from ocf_py.service.units import Units

    T = TypeVar("T")

_DEFAULT_STAGES = "TERM@0 KILL@67%"
_POLICIES = ("refuse", "warn", "degraded")
_CHECK = (
    "tcp://HOST:PORT and unix:///PATH (somebody accepts), http://HOST:PORT/PATH (a status from 200 "
    "to 399), file:///PATH (it exists), or a command: an absolute path and words (it ends with 0)."
)
# What says how a process is run: nothing that a unit takes.
_OF_COMMAND = (
    "args",
    "shell",
    "cmdline_options",
    "umask",
    "limits",
    "pidfile",
    "logfile",
    "errlogfile",
    "ready",
    "stop_signals",
    "stop_timeout",
    "reload_signal",
)
_CHECKS = ("ready", "health", "deep_health", "stop_command", "reload_command")
_SAME = (
    ("binfile", "command"),
    ("cmdline_options", "args"),
    ("monitor_hook", "health"),
    ("stop_timeout", "stop_signals"),
)


class Service(ocf.Agent, finds_by_name=True):
    """Manages any application

    With command, the agent runs a program by itself: it starts it in surroundings of its own, waits
    until it is ready, watches it, and ends all its processes, however often they have forked. With
    unit, it has systemd do that, and watches the unit.
    """

    command = ocf.String(
        "The program",
        details="The absolute path of the program to run; with shell=true, a line for /bin/sh. It "
        "may stay in the foreground or fork into the background. One of command and unit is "
        "required.",
        default=None,
    )
    args = ocf.String(
        "Its arguments",
        details="Arguments of the program, as words: '...' and \"...\" keep blanks together, and a "
        "backslash the next character as it is. Nothing is expanded.",
        default=None,
    )
    unit = ocf.String(
        "The unit of systemd",
        details="The systemd unit to start and stop, such as nginx.service, instead of a command. "
        "It must not be enabled: the cluster starts it.",
        default=None,
        unique_group="unit",
    )
    shell = ocf.Boolean(
        "Run the command by a shell",
        details="Hands command and args over to /bin/sh as they stand. Only where that is needed: "
        "what a shell expands is a risk.",
        default=False,
    )
    env = ocf.String(
        "Its environment",
        details="NAME=value words that join the environment of the program and of the commands "
        "below. The cluster's configuration shows them to everybody who can read it: what is "
        "secret belongs into envfile.",
        default=None,
        secret=True,
    )
    envfile = ocf.Path(
        "A file with its environment",
        details="A file of NAME=value lines, read by root when the program or a command below is "
        "started. Nothing in it is expanded. env wins.",
        default=None,
    )
    user = ocf.String("The user it runs as", details="A user's name or number.", default="root")
    group = ocf.String(
        "The group it runs as",
        details="A group's name or number; without it, the user's own.",
        default=None,
    )
    workdir = ocf.Path("Its working directory", default="/")
    umask = ocf.String("Its umask", details="Its umask, in octal digits.", default="022")
    limits = ocf.String(
        "Its resource limits",
        details="Limits as in setrlimit(2): nofile=65536 core=unlimited nproc=100:200, where the "
        "two numbers are the soft and the hard one.",
        default=None,
    )
    pidfile = ocf.Path(
        "The file that names its main process",
        details="The file with the number of the main process. Where the program writes it by "
        "itself, the agent takes it from there, else the agent writes it. A process in it is only "
        "taken for the service if it executes the command.",
        unique_group="pidfile",
    )
    logfile = ocf.Path(
        "Where its output goes",
        details="The file that its output is appended to, opened as its user. Without it, nowhere.",
        default=None,
    )
    errlogfile = ocf.Path(
        "Where its errors go",
        details="The file that its standard error is appended to; without it, logfile.",
        default=None,
    )
    ready = ocf.String(
        "What tells that it is ready",
        details="start returns once this holds: notify (READY=1 by sd_notify(3)), " + _CHECK,
        default=None,
        reloadable=True,
    )
    health = ocf.String(
        "What tells that it works",
        details="Asked by the monitor of depth 10: " + _CHECK,
        default=None,
        reloadable=True,
    )
    deep_health = ocf.String(
        "What tells for certain that it works",
        details="Asked by the monitor of depth 20: " + _CHECK,
        default=None,
        reloadable=True,
    )
    health_timeout = ocf.Duration(
        "How long health may take",
        details="After this, health or deep_health has failed, and its command is killed. Without "
        "it, most of the operation's timeout.",
        default=None,
        reloadable=True,
    )
    health_threshold = ocf.Integer(
        "How often health has to fail",
        details="The monitor fails when health has failed so often in a row, and is degraded (190) "
        "before, or warns if on_slow says so.",
        default=1,
        minimum=1,
        maximum=1000,
        reloadable=True,
    )
    health_slow = ocf.Duration(
        "From when on health is slow",
        details="An answer that takes longer is slow, which on_slow judges.",
        default=None,
        reloadable=True,
    )
    on_slow = ocf.Select(
        "What if health is slow",
        details="refuse: the monitor fails. warn: a line in the log. degraded: the monitor answers "
        "190, for Pacemaker 2.1 and later.",
        options=_POLICIES,
        default="degraded",
        reloadable=True,
    )
    stop_command = ocf.String(
        "What ends it",
        details="A command, an absolute path and words, that stop runs first; what still lives "
        "after half of the time is ended by stop_signals.",
        default=None,
        reloadable=True,
    )
    stop_signals = ocf.String(
        "The signals that end it",
        details="Stages such as TERM@0 INT@50% KILL@80%: when they are due, in the time that is "
        "left for stop, or as KILL@10s. They go to the main process, and to the others once it has "
        "ended; KILL goes to all. Where KILL is not named it comes at 80%.",
        reloadable=True,
    )
    reload_signal = ocf.String(
        "The signal that has it read its configuration", default=None, reloadable=True
    )
    reload_command = ocf.String(
        "The command that has it read its configuration", default=None, reloadable=True
    )
    # crmsh shows no deprecation but in words.
    binfile = ocf.Path(
        "Deprecated: use command",
        default=None,
        replaced_with="command",
    )
    cmdline_options = ocf.String("Deprecated: use args", default=None, replaced_with="args")
    monitor_hook = ocf.String(
        "Deprecated: use health",
        details="Deprecated: use health. A line for /bin/sh that every recurring monitor runs.",
        default=None,
        replaced_with="health",
        reloadable=True,
    )
    stop_timeout = ocf.Duration(
        "Deprecated: use stop_signals",
        details="Deprecated: use stop_signals. When SIGKILL follows SIGTERM.",
        default=None,
        replaced_with="stop_signals",
        reloadable=True,
    )

    @ocf.seam
    def machine(self) -> Machine:
        """The processes of this machine."""
        from ocf_py.service.machine import Machine

        return Machine()

    @ocf.seam
    def units(self) -> Units:
        """The units of systemd."""
        from ocf_py.service.units import Units

        return Units()

    def _default_pidfile(self) -> str | None:
        """none; with binfile, /run/anything_INSTANCE.pid"""
        name = self.call.instance.replace("/", "%2F")
        return f"/run/anything_{name}.pid" if self.binfile is not None else None

    def _default_stop_signals(self) -> str:
        """TERM@0 KILL@67%"""
        return _DEFAULT_STAGES

    # ------------------------------------------------------------------ what was asked for

    def validate(self) -> None:
        modes = [name for name in ("command", "unit", "binfile") if getattr(self, name) is not None]
        if len(modes) != 1:
            raise ocf.Misconfigured(
                f"{' and '.join(modes)} exclude each other" if modes else "no command and no unit",
                hint="set one of command and unit",
            )
        # What only start or one depth needs does not keep a monitor from telling what runs.
        if self.call.action in ("start", "validate-all", "reload-agent"):
            self._validate_all()

    def _validate_all(self) -> None:
        for old, new in _SAME:
            if old in self.ocf_given and new in self.ocf_given:
                raise ocf.Misconfigured(f"{old} is the former name of {new}", hint="set one")
        if self.unit is not None:
            from ocf_py.service.unit import refuse_name

            for name in _OF_COMMAND:
                if name in self.ocf_given:
                    raise ocf.Misconfigured(f"{name} goes with command", hint="the unit says it")
            refuse_name(self.unit)
        else:
            self._argv()
        for name in _CHECKS:
            self._check(name)
        from ocf_py.service import program, stages, words

        for name, parse in (
            ("stop_signals", stages.parse_stages),
            ("reload_signal", stages.parse_signal),
            ("limits", program.parse_limits),
            ("umask", program.parse_umask),
            ("env", words.parse_assignments),
        ):
            self._parse(name, parse)

    def _parse(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Read a parameter's text, None where there is none; Misconfigured says what is wrong."""
        text = getattr(self, name)
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            shown = "" if self.ocf_parameters[name].is_secret else f"={text!r}"
            raise ocf.Misconfigured(f"{name}{shown} {error}") from error

    def _check(self, name: str) -> Check | None:
        from ocf_py.service.checks import NOTIFY, parse_check, parse_command

        if name == "monitor_hook":
            return self._parse(name, lambda line: parse_check(line, with_shell=True))
        if name.endswith("_command"):
            return self._parse(name, parse_command)
        found = self._parse(name, parse_check)
        if found and found.kind == NOTIFY and name != "ready":
            raise ocf.Misconfigured(f"{name}=notify: only ready can be told so")
        return found

    def _argv(self) -> list[str]:
        from ocf_py.service.words import split_words

        path = self.command if self.binfile is None else self.binfile
        name = "args" if self.cmdline_options is None else "cmdline_options"
        if self.shell:
            return ["/bin/sh", "-c", " ".join(filter(None, (path, getattr(self, name))))]
        if not path or not path.startswith("/"):
            raise ocf.Misconfigured(
                f"command={path!r} is not an absolute path", hint="with shell=true it is a line"
            )
        return [path, *(self._parse(name, split_words) or ())]

    def _program(self, *, as_root: bool = False) -> Program:
        """The program in its surroundings; UnusableHere where they are not to be had."""
        from ocf_py.service import program, words
        from ocf_py.system.probing import Hung, look

        environment = {}
        try:
            if self.envfile is not None:
                path = self.envfile
                seconds = self.call.deadline.stage(0.2)
                environment = look(lambda: words.read_assignments(path), seconds)
        except Hung as hung:
            raise ocf.Failure(f"envfile={self.envfile!r}: what it is on does not answer") from hung
        except OSError as error:
            raise ocf.UnusableHere(f"envfile={self.envfile!r}: {error.strerror}") from error
        environment.update(self._parse("env", words.parse_assignments) or {})
        try:
            return program.Program(
                self._argv() if self.unit is None else ["/bin/false"],
                program.Owner("root", None) if as_root else program.Owner(self.user, self.group),
                environment=environment,
                workdir=self.workdir,
                umask=self._parse("umask", program.parse_umask) or 0,
                limits=self._parse("limits", program.parse_limits) or (),
                logfile=self.logfile,
                errlogfile=self.errlogfile,
            )
        except program.Wrong as wrong:
            raise ocf.UnusableHere(str(wrong), hint=wrong.hint) from wrong

    def validate_here(self) -> None:
        if self.unit is not None:
            self._unit().validate_here()
        from ocf_py.service.missing import refuse_what_is_missing

        program = self._program()
        commands = {}
        if self.unit is None:
            name = "shell" if self.shell else "command" if self.binfile is None else "binfile"
            commands[name] = program.argv[0]
        checks = [(name, self._check(name)) for name in _CHECKS]
        commands.update({name: check.words[0] for name, check in checks if check and check.words})
        refuse_what_is_missing(program, self.pidfile, commands, self.call.deadline.stage(0.3))

    def _supervision(self) -> Supervision:
        from ocf_py.service.supervision import Supervision
        from ocf_py.start_record import RecordFile

        name = RecordFile("Service", self.call.instance).name
        path = self.command or self.binfile or ""
        executable = path if path.startswith("/") and not self.shell else ""
        return Supervision(self.machine, self.call, name, executable, self.pidfile, self.user)

    def _unit(self) -> UnitService:
        from ocf_py.service.unit import UnitService

        return UnitService(self.units, self.call, self.unit or "")

    def _services(self) -> list[Supervision | UnitService]:
        """What it is made of; without any parameters, all that its name may have been given to."""
        if self.unit is not None:
            return [self._unit()]
        if self.command is not None or self.binfile is not None:
            return [self._supervision()]
        from ocf_py.service.unit import find_started

        return [self._supervision(), *find_started(self.units, self.call)]

    # ------------------------------------------------------------------ monitor

    @ocf.action(timeout=20, interval=10, depth=0)
    @ocf.action(timeout=30, interval=30, depth=10)
    @ocf.action(timeout=60, interval=120, depth=20)
    def monitor(self) -> ocf.Status:
        for service in self._services():
            status = service.judge()
            if status.is_active:
                break
        else:
            return status
        if self.monitor_hook is not None and self.call.is_recurring:
            self._ask("monitor_hook")
        if self.call.level >= 20 and self.deep_health is not None:
            return self._ask("deep_health")
        if 10 <= self.call.level < 20 and self.health is not None:
            return self._ask("health")
        return status

    def _ask(self, name: str) -> ocf.Status:
        from ocf_py.service.health import Policy, judge

        check = self._check(name)
        if check is None:
            return ocf.RUNNING
        policy = Policy(self.health_timeout, self.health_threshold, self.health_slow, self.on_slow)
        is_hook = name == "monitor_hook"  # which ocf:heartbeat:anything evaluates as root
        return judge(
            self.call, self.machine, check, lambda: self._program(as_root=is_hook), policy, name
        )

    # ------------------------------------------------------------------ start and stop

    @ocf.action(timeout=60)
    def start(self) -> None:
        if self.unit is not None:
            self._unit().start()
            return
        from ocf_py.service.starting import Starting

        Starting(self._supervision(), self._program(), self._check("ready")).run()

    def adopt(self) -> None:
        """Lay the setting of a start over an adopted unit."""
        if self.unit is not None:
            self._unit().adopt()

    @ocf.action(timeout=60)
    def stop(self) -> None:
        for service in self._services():
            if self.stop_command is not None and service.is_there():
                # What goes wrong with it is told: what follows needs nothing of it.
                self._command("stop_command", 0.5)
                service.wait_for_end(self.call.deadline.stage(0.5))
            service.stop(self._stages)

    def _command(self, name: str, fraction: float) -> str:
        """Run stop_command or reload_command if there is one; what goes wrong is returned."""
        try:
            check = self._check(name)
            if check is None:
                return ""
            seconds = self.call.deadline.stage(fraction)
            # What a reload starts, such as a successor, is to stay.
            reason = self.machine.ask(check, self._program, seconds, leaves_nothing=False).reason
        except ocf.Failure as failure:
            reason = failure.reason
        if reason:
            self.call.log.warning(f"{name}: {reason}")
        return reason

    def _stages(self) -> list[Stage]:
        from ocf_py.service.stages import parse_stages

        text = self.stop_signals
        if self.stop_timeout is not None:
            text = f"TERM@0 KILL@{int(self.stop_timeout * 1000)}ms"
        try:
            return parse_stages(text)
        except ValueError as error:
            self.call.log.warning(f"stop_signals={text!r} {error}: {_DEFAULT_STAGES} instead")
            return parse_stages(_DEFAULT_STAGES)

    # ------------------------------------------------------------------ reload

    @ocf.action(timeout=20)
    def reload_agent(self) -> None:
        """Take the new parameters: they say how to look, to judge and to stop from now on."""

    @ocf.action(timeout=60)
    def reload(self) -> None:
        if self.reload_command is not None:
            reason = self._command("reload_command", 0.9)
            if reason:
                raise ocf.Failure(f"reload_command: {reason}")
        elif self.unit is not None:
            self._unit().reload()
        elif self.reload_signal is not None:
            from ocf_py.service.stages import parse_signal

            main = self._supervision().find_main()
            signal = self._parse("reload_signal", parse_signal)
            if main is None or signal is None or not self.machine.send(main, signal):
                raise ocf.Failure("it does not run, so that nothing can be reloaded")
        else:
            raise ocf.Failure(
                "nothing says how it reads its configuration",
                hint="set reload_signal or reload_command",
            )
