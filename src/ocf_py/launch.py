"""What a launcher has Python run: `launch.py MODULE CLASS ACTION...`, beside its own library."""

import gc
import sys

gc.disable()  # a process of milliseconds has nothing to collect
library = __file__.rsplit("/", 2)[0]
sys.path.insert(0, library)
_, module, name, *sys.argv[1:] = sys.argv
try:
    from ocf_py.runner import main
except Exception as error:  # noqa: BLE001 - whatever it is, Pacemaker shows one line
    reason = f"cannot load {library} ({error}): install the agents again"
    try:
        from ocf_py.refusal import refuse
    except Exception:  # noqa: BLE001 - not even that
        sys.exit(f"ocf-exit-reason:{reason}")
    sys.exit(refuse(name, sys.argv[1:], reason))
main(module, name)
