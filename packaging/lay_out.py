"""Lays out what the packages hold, RPM and Debian's alike, below a root: for their build alone.

The agents for /usr/bin/python3, and the toolkit out of its wheel.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = "ocf-py-agents"
PYTHON = "/usr/bin/python3"
# Isolated: what root has in its home, or in PYTHONPATH, is none of what fences a peer of DRBD.
_SCRIPT = f"""\
#!{PYTHON} -I
from ocf_py.toolkit import main

main()
"""
_COMPLETIONS = {
    "bash": "bash-completion/completions/ocf-py",
    "zsh": "zsh/site-functions/_ocf-py",
    "fish": "fish/vendor_completions.d/ocf-py.fish",
}


def lay_out_agents(root: Path, *, byte_code: bool) -> None:
    """Launchers, library, manifest and what the upgrade of a package needs."""
    installer = [sys.executable, "-m", "ocf_py.toolkit.installer", "install"]
    subprocess.run([*installer, "--root", root, "--package", PACKAGE], check=True)
    home = root / "usr/lib/ocf/lib/ocfpy"
    shutil.copyfile(CHECKOUT / "packaging/hold.py", home / "hold.py")
    if not byte_code:  # the package manager of the node makes it, for the Python that is there
        manifest = home / "manifest.json"
        fields = json.loads(manifest.read_text())
        fields["files"] = {
            path: digests for path, digests in fields["files"].items() if path[-4:] != ".pyc"
        }
        manifest.write_text(json.dumps(fields, indent=1, sort_keys=True) + "\n")
        for folder in home.rglob("__pycache__"):
            shutil.rmtree(folder)
    tmpfiles = root / "usr/lib/tmpfiles.d"
    tmpfiles.mkdir(parents=True)
    shutil.copy(CHECKOUT / f"packaging/tmpfiles.d/{PACKAGE}.conf", tmpfiles)


def lay_out_toolkit(root: Path, wheel: Path, packages: Path, *, byte_code: bool) -> None:
    """The importable module in `packages` below `root`, the command, its completion and pages."""
    target = root / packages.relative_to("/")
    zipfile.ZipFile(wheel).extractall(target)
    for file in filter(Path.is_file, target.rglob("*")):
        if file.read_bytes().startswith(b"#!"):  # a wheel keeps no modes
            file.chmod(0o755)
    (record,) = target.glob("ocf_py-*.dist-info/RECORD")
    record.unlink()  # a package manager's list takes its place
    (record.parent / "INSTALLER").write_text("package\n")
    if byte_code:  # else the first root that runs it leaves some that no package removes
        how = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/"]
        subprocess.run([PYTHON, "-m", "compileall", *how, str(target / "ocf_py")], check=True)
    script = root / "usr/bin/ocf-py"
    script.parent.mkdir(parents=True)
    script.write_text(_SCRIPT)
    script.chmod(0o755)
    for shell, path in _COMPLETIONS.items():
        file = root / "usr/share" / path
        file.parent.mkdir(parents=True)
        file.write_text(_ocf_py("completion", shell))
    _ocf_py("man", str(root / "usr/share/man"))


def _ocf_py(*words: str) -> str:
    code = "from ocf_py.toolkit import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def main() -> None:
    """Lays both out as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--packages", type=Path, required=True, help="such as .../site-packages")
    parser.add_argument("--without-byte-code", action="store_true")
    given = parser.parse_args()
    root = given.root.absolute()
    byte_code = not given.without_byte_code
    lay_out_agents(root, byte_code=byte_code)
    lay_out_toolkit(root, given.wheel, given.packages, byte_code=byte_code)


if __name__ == "__main__":
    main()
