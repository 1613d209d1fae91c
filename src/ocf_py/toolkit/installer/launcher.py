"""The few lines that Pacemaker runs: they find the library beside them and hand over.

Metadata they serve without Python, from the document that was made at the install: Pacemaker's
controller asks for it before every single start, and stands still until it has it. The lines are
fixed, and nothing of the caller's becomes a part of a command; Python is started as if by itself.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.toolkit.installer.interpreter import Interpreter
    from ocf_py.toolkit.installer.sources import AgentSource

_TEXT = """\
#!/bin/sh
# ocf:ocfpy:{type}, written by `ocf-py install` {version}.
path=$0
while [ -L "$path" ]; do # reached through a symlink, the library lies beside what it leads to
    link=$(readlink "$path")
    case $link in /*) path=$link ;; *) path=${{path%/*}}/$link ;; esac
done
home=${{path%/*}}/../../lib/ocfpy
library=$home/held/{generation} # a package's: its upgrade takes the other away
[ -d "$library" ] || library=$home/{generation}
python={python}
if [ "$1" = meta-data ] && [ -r "$library/{metadata}" ]; then
    exec /bin/cat "$library/{metadata}"
fi
for needed in "$python" "$library/ocf_py/launch.py"; do
    [ -r "$needed" ] && continue
    echo "ocf-exit-reason:cannot read $needed: install the agents again" >&2
    case $1/${{OCF_RESKEY_CRM_meta_interval:-0}} in
    start/* | validate-all/*) exit 5 ;;
    monitor/0) # a probe: where nothing was recorded, nothing was started
        set -- /run/ocfpy/{type}.*
        [ -e "$1" ] || exit 7 ;;
    esac
    exit 1
done
exec "$python" {flags} "$library/ocf_py/launch.py" {module} {type} "$@"
"""


def write_launcher(
    agent: AgentSource, interpreter: Interpreter, *, version: str, generation: str
) -> bytes:
    """The launcher of `agent`, for the library folder named `generation`."""
    text = _TEXT.format(
        python=quote(interpreter.path),
        flags=interpreter.FLAGS,
        type=agent.type,
        module=agent.module,
        metadata=agent.metadata,
        version=version,
        generation=generation,
    )
    return text.encode()
