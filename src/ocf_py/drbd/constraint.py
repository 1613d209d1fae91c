"""The location constraint that keeps a fenced node from being promoted: our own element, by our id.

One for each resource of DRBD and node. It names that node alone, so that a third may still take
over. Written and removed through cibadmin(8), element by element: the rest of the configuration is
not looked at.
"""

from __future__ import annotations

_PREFIX = "ocfpy-drbd-fence"
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")


def name_constraint(resource: str, node: str) -> str:
    """Its id: an NCName of XML, and another for every pair."""
    return f"{_PREFIX}.{quote(resource)}.{quote(node)}"


def deletion(resource: str, node: str) -> list[str]:
    """The call that takes it away, and succeeds where there is none."""
    element = f'<rsc_location id="{name_constraint(resource, node)}"/>'
    return ["cibadmin", "--delete", "--scope", "constraints", "--xml-text", element]


def deletion_of_all(resource: str) -> list[str]:
    """The call that takes away those of every node, and succeeds where there is none."""
    start = f"{_PREFIX}.{quote(resource)}."  # no quote in it, as every odd letter is a number
    path = f"//rsc_location[starts-with(@id,'{start}')]"
    return ["cibadmin", "--delete-all", "--force", "--xpath", path]


def quote(name: str) -> str:
    """A name in letters that an id and a file may have.

    "_" marks the number of any other, and of itself.
    """
    return "".join(
        letter
        if letter in _PLAIN and letter not in "_."
        else "_" + "".join(f"{byte:02x}" for byte in letter.encode("utf-8", "surrogateescape"))
        for letter in name
    )
