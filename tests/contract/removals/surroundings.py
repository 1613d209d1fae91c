"""What an action owes its surroundings, taken out: time, children, scores, the log."""

from __future__ import annotations

from tests.contract.removals.removal import (
    BACKGROUND,
    ENVIRONMENT,
    INSTANCES,
    IPADDR,
    LIFECYCLE,
    MINDER,
    RUNNER,
    Removal,
)

SURROUNDINGS = (
    # ---------------------------------------------------------------- 5: the deadline
    Removal("late-action-gives-up", "Dummy", RUNNER, "    _arm(deadline)\n", "    pass\n"),
    Removal(
        "hanging-action-gives-up",
        "Sleeper",
        "ocf_py/deadline.py",
        "self.end = self.start + timeout - self.margin",
        "self.end = self.start + timeout + 5",
    ),
    Removal(
        "deadline-counts-from-the-process",
        "Sleeper",
        RUNNER,
        "began=process_start()",
        "began=None",
    ),
    Removal(
        "advertised-timeout-holds",
        "Dummy",
        RUNNER,
        "max(element.timeout for element in declared.elements) if declared else _VALIDATE_TIMEOUT",
        "0.00001",  # too short for a start on any machine
    ),
    # ---------------------------------------------------------------- 6: hostile surroundings
    Removal(
        "few-descriptors",
        "Stateful",
        "ocf_py/log.py",
        "except (OSError, ImportError):",
        "except BlockingIOError:",
    ),
    Removal(
        "bare-system",
        "Minder",
        "ocf_py/system/processes.py",
        '        posix.stat("/proc/self/stat")\n',
        "        pass\n",
    ),
    Removal(
        "closed-descriptors",
        "Dummy",
        RUNNER,
        "except (OSError, AttributeError):  # the caller no longer listens, or never did",
        "except OSError:",
    ),
    Removal("full-log", "IPaddr-v4", "ocf_py/log.py", "_socket.MSG_DONTWAIT | ", ""),
    Removal(
        "odd-variables",
        "Dummy",
        ENVIRONMENT,
        'value.decode("utf-8", "surrogateescape")',
        'value.decode("utf-8")',
    ),
    Removal(
        "unforeseen-exception",
        "Keeper",
        RUNNER,
        'detail = " ".join(str(error).split())',
        "detail = str(error)",
    ),
    # ---------------------------------------------------------------- 11: children
    Removal(
        "survivors-are-detached",
        "Minder",
        BACKGROUND,
        "        posix.setsid()\n        if posix.fork():",
        "        if posix.fork():",
    ),
    Removal(
        "survivors-are-detached",
        "Minder",
        BACKGROUND,
        "        posix.dup2(null, standard)\n",
        "        pass\n",
    ),
    Removal(
        "survivors-are-detached",
        "Minder",
        BACKGROUND,
        "if int(name) not in (*_STANDARD, *keep):",
        "if False:",
    ),
    Removal(
        "survivors-are-detached",
        "Minder",
        BACKGROUND,
        "posix.execve(argv[0], argv, _ENVIRONMENT)",
        "posix.execve(argv[0], argv, posix.environ)",
    ),
    Removal("survivors-are-detached", "Minder", BACKGROUND, "    posix.umask(_UMASK)\n", ""),
    Removal(
        "survivors-are-detached",
        "Minder",
        BACKGROUND,
        "    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())\n",
        "",
    ),
    Removal("survivors-are-detached", "Minder", BACKGROUND, 'posix.write(score, b"0")', "pass"),
    Removal(
        "nothing-else-leaves-survivors",
        "Minder",
        MINDER,
        "        return ocf.RUNNING if self._process() else ocf.STOPPED\n",
        "        from ocf_py.system import background\n\n"
        '        background.start("ocfpy_agents.minder", [])\n'
        "        return ocf.RUNNING if self._process() else ocf.STOPPED\n",
    ),
    Removal(
        "survivors-end-with-the-resource",
        "IPaddr-v4",
        IPADDR,
        "                self._try(self._end_announcer)\n                for rest",
        "                for rest",
    ),
    # ---------------------------------------------------------------- 12: promotion scores
    Removal(
        "score-is-set",
        "Stateful",
        LIFECYCLE,
        "            self._set_score(self._instances.given, status)\n            return ",
        "            return ",
    ),
    Removal(
        "score-is-deleted-by-stop",
        "Stateful",
        LIFECYCLE,
        "            self._call.cluster.delete_promotion_score()\n",
        "            pass\n",
    ),
    Removal(
        "refused-promote-steps-back",
        "Stateful",
        LIFECYCLE,
        "            self._call.cluster.set_promotion_score(MINUS_INFINITY)\n            raise\n",
        "            raise\n",
    ),
    Removal(
        "score-does-not-hang",
        "Stateful",
        "ocf_py/cluster.py",
        "limit = min(_LIMIT, max(self._deadline.remaining, self._deadline.margin / 4))",
        "limit = 1000.0",
        also=((RUNNER, "    _arm(deadline)\n", "    pass\n"),),
    ),
    Removal(
        "score-that-fails-is-no-failure",
        "Stateful",
        "ocf_py/cluster.py",
        '            self._log.warning(f"promotion score: {failure.reason}")\n',
        "            raise\n",
    ),
    # ---------------------------------------------------------------- 13: log, trace, secrets
    Removal("log-names-its-source", "Dummy", "ocf_py/log.py", 'f"{agent}({instance})"', "agent"),
    Removal(
        "log-follows-the-facility",
        "Dummy",
        "ocf_py/log.py",
        'None if facility == "none" else _FACILITIES.get(facility, 3) * 8',
        "24",
    ),
    Removal("debug-is-honoured", "Keeper", "ocf_py/log.py", "if self._wants_debug:", "if True:"),
    Removal(
        "trace-can-be-had",
        "Dummy",
        "ocf_py/trace.py",
        '_LIBRARY = __file__.rsplit("/", 2)[0]',
        "_LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))",
    ),
    Removal(
        "trace-is-no-reason-to-fail",
        "Dummy",
        "ocf_py/trace.py",
        "    except OSError as error:\n        log.warning",
        "    except KeyError as error:\n        log.warning",
    ),
    Removal(
        "secrets-stay-secret",
        "Keeper",
        INSTANCES,
        "if name in parameters and not ",
        "if name in parameters and None is not ",
    ),
    Removal(
        "secrets-stay-secret",
        "Keeper",
        "ocf_py/parameters.py",
        '"(a secret)" if parameter.is_secret else repr(text)',
        "repr(text)",
    ),
)
