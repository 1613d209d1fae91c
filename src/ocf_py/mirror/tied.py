"""Programs that end with the one who runs them, whatever ends that one.

An orphaned rsync would go on writing where the next pass begins. It is several processes, and the
end of one does not end the others: only that of a pid namespace does.
"""

from __future__ import annotations

#: What stands before a program's own command line, if it is one process: setpriv(1).
TIED_ALONE = ("setpriv", "--pdeathsig=KILL", "--")
#: The same for one that forks: unshare(1).
TIED = (*TIED_ALONE, *("unshare", "--pid", "--fork", "--kill-child=KILL", "--"))
