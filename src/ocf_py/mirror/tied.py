"""Programs that end with the one who runs them, whatever ends that one.

An orphaned rsync would go on writing where the next pass begins. It is several processes, and the
end of one does not end the others: only that of a pid namespace does.
"""

from __future__ import annotations

#: What stands before a program's own command line: setpriv(1), unshare(1).
TIED = (
    *("setpriv", "--pdeathsig=KILL", "--"),
    *("unshare", "--pid", "--fork", "--kill-child=KILL", "--"),
)
