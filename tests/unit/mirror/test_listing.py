"""rsync's list is read strictly: a line of another form is no line to be passed over."""

from __future__ import annotations

import pytest

from ocf_py.mirror.listing import ListingUnusable, read, read_sockets, unescape


def test_every_kind_of_line() -> None:
    listing = read(
        "*deleting   gone/below//\n"
        "*deleting   gone///\n"
        ".d..t...... .///\n"
        "cd+++++++++ new///\n"
        ">f+++++++++ new/file//\n"
        ".f...p..... attributes//\n"
        "hf+++++++++ second// => first => of them\n"
        "hf          alike// => first\n"
        "hf.st...... changed with its group//\n"
        "cLc.t...... link// -> any//where => else\n"
        "cS+++++++++ fifo//\n"
        "cD+++++++++ device//\n"
    )
    assert listing.deleted == {b"gone/below", b"gone"}
    assert {path for path, is_folder in listing.changed.items() if is_folder} == {b".", b"new"}
    assert {path for path, is_folder in listing.changed.items() if not is_folder} == {
        *(b"new/file", b"attributes", b"second", b"alike", b"changed with its group"),
        *(b"link", b"fifo", b"device"),
    }
    assert listing.odd == (b"fifo",)
    assert listing.linked == ((b"second", b"first => of them"), (b"alike", b"first"))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "sending incremental file list",
        "created directory /somewhere",
        ">f+++++++++ cut off",
        "*deleting   //",
        "?f+++++++++ name//",
    ],
)
def test_a_line_of_another_form(line: str) -> None:
    with pytest.raises(ListingUnusable):
        read(f">f+++++++++ good//\n{line}\n")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("plain", b"plain"),
        ("new\\#012line", b"new\nline"),
        ("\\#377\\#376", b"\xff\xfe"),
        ("back\\slash", b"back\\slash"),
        ("\\#134#123", b"\\#123"),
        ("\\#134#012\\#012", b"\\#012\n"),
    ],
)
def test_a_name_is_what_it_was(written: str, name: bytes) -> None:
    assert unescape(written) == name


def test_sockets_are_told_from_all_else() -> None:
    text = (
        "drwxr-xr-x          4,096 2026/11/25 19:44:21 .\n"
        "srwxr-xr-x              0 2026/11/25 19:44:21  leading blank\n"
        "prw-r--r--              0 2026/11/25 19:44:21 fifo\n"
        "lrwxrwxrwx              5 2026/11/25 19:44:21 link -> srw\n"
    )
    assert read_sockets(text) == {b" leading blank"}
