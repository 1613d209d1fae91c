"""What an instance is asked to mirror, as far as its words alone tell."""

from __future__ import annotations

from ocf_py.system.address import Address

_MOST_NODES = 5  # one source and its copies


def parse_addresses(text: str) -> dict[str, str]:
    """Read NODE=ADDRESS words; ValueError says which is wrong."""
    addresses: dict[str, str] = {}
    for word in text.split():
        node, equals, address = word.partition("=")
        if not (node and equals) or "/" in node or node.startswith("."):
            raise ValueError(f"address={text!r}: {word!r} is not NODE=ADDRESS")
        if node in addresses:
            raise ValueError(f"address={text!r} names the node {node} twice")
        try:
            addresses[node] = str(Address.parse(address))
        except ValueError as error:
            raise ValueError(f"address={text!r}: {address!r} {error}") from None
    if not addresses:
        raise ValueError("address names no node: NODE=ADDRESS for each is wanted")
    if len({*addresses.values()}) < len(addresses):
        raise ValueError(f"address={text!r} names an address twice")
    if len(addresses) > _MOST_NODES:
        raise ValueError(f"address={text!r} names more than {_MOST_NODES} nodes")
    return addresses


def parse_patterns(text: str) -> tuple[str, ...]:
    """Read what to leave out, words with quotes as a shell has them; ValueError says what is wrong.

    Without a quote or a backslash, that is at its blanks: a monitor does not pay for more.
    """
    if not any(letter in text for letter in "'\"\\"):
        return tuple(text.split())
    from ocf_py.service.words import split_words

    try:
        return tuple(split_words(text))
    except ValueError as error:
        raise ValueError(f"exclude={text!r} {error}") from None


def check_paths(directory: str, store: str) -> None:
    """ValueError where the two cannot be a directory and its store, wherever they are."""
    for name, path in (("directory", directory), ("store", store)):
        plain = path.rstrip("/")
        if any(part in ("", ".", "..") for part in plain.split("/")[1:] or [""]):
            raise ValueError(f"{name}={path!r} is no plain path of a folder")
        if any(letter in path for letter in "\n\r%") or path != path.strip():
            raise ValueError(f"{name}={path!r}: rsync's configuration cannot hold such a path")
    one, other = directory.rstrip("/"), store.rstrip("/")
    if one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/"):
        raise ValueError(f"directory={directory!r} and store={store!r} lie in each other")
