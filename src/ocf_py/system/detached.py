"""The program in the background (see `background`): ``detached.py MODULE ARGUMENT...``.

Calls ``MODULE.main([ARGUMENT, ...])``; what goes wrong is one line in the system log. It is read
as source every time it runs, so it is short.
"""

import sys

sys.path.insert(0, __file__.rsplit("/", 3)[0])
_, module, *arguments = sys.argv
try:
    __import__(module)
    sys.modules[module].main(arguments)
except Exception as error:  # noqa: BLE001 - nobody else is there to hear of it
    import syslog

    syslog.openlog("ocf-py", syslog.LOG_PID, syslog.LOG_DAEMON)
    line = " ".join(sys.argv[1:])
    syslog.syslog(syslog.LOG_ERR, f"{line}: {type(error).__name__}: {error}")
    sys.exit(1)
