"""What can be asked of a mirror, by its words alone."""

from __future__ import annotations

import pytest

from ocf_py.mirror.wanted import check_paths, parse_addresses, parse_patterns


def test_addresses_are_read_by_node_and_in_any_spelling() -> None:
    assert parse_addresses("n1=192.0.2.1  n2=2001:DB8::0:2") == {
        "n1": "192.0.2.1",
        "n2": "2001:db8::2",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "address names no node"),
        ("n1", "'n1' is not NODE=ADDRESS"),
        ("=192.0.2.1", "'=192.0.2.1' is not NODE=ADDRESS"),
        ("../n1=192.0.2.1", "is not NODE=ADDRESS"),
        ("n1=192.0.2.256", "'192.0.2.256'"),
        ("n1=192.0.2.1 n1=192.0.2.2", "names the node n1 twice"),
        ("n1=2001:db8::1 n2=2001:DB8:0::1", "names an address twice"),
        (" ".join(f"n{one}=192.0.2.{one}" for one in range(1, 7)), "more than 5 nodes"),
    ],
)
def test_what_is_wrong_with_addresses_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="address") as refused:
        parse_addresses(text)
    assert said in str(refused.value)


def test_a_store_beside_the_directory_is_right() -> None:
    check_paths("/srv/mirror/site", "/srv/mirror/.site.mirror")
    check_paths("/srv/mirror/site/", "/srv/mirror/site.store/")


@pytest.mark.parametrize(
    ("directory", "store"),
    [
        ("/", "/store"),
        ("/srv/../site", "/store"),
        ("/srv//site", "/store"),
        ("/srv/site", "/srv/site/store"),
        ("/srv/store/site", "/srv/store"),
        ("/srv/site", "/srv/site"),
        ("/srv/a\nb", "/store"),
        ("/srv/50%", "/store"),
        ("/srv/site ", "/store"),
    ],
)
def test_paths_that_cannot_be_are_refused(directory: str, store: str) -> None:
    with pytest.raises(ValueError, match=r"(directory|store)="):
        check_paths(directory, store)


def test_patterns_are_parted_by_blanks_and_quoted_as_in_a_shell() -> None:
    assert parse_patterns(" *.tmp  /cache/ ") == ("*.tmp", "/cache/")
    assert parse_patterns("'a file' \"b c\" \\[x]") == ("a file", "b c", "[x]")
    assert parse_patterns("") == ()


@pytest.mark.parametrize("text", ["'*.tmp", '*.tmp "', "*.tmp\\"])
def test_a_pattern_that_does_not_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"exclude=.*(not closed|ends in a backslash)"):
        parse_patterns(text)
