"""Where the OCF 1.1 schema is on this machine, and what a document breaks of it."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

_PLACES = (
    "/usr/share/pcs/data/ocf-{}.rng",
    "/usr/lib/pcs/data/ocf-{}.rng",
    "/usr/share/resource-agents/ra-api-{}.rng",
)
_STRICT = Path(__file__).with_name("ocf-1.1-strict.rng")


class MissingSchema(Exception):  # noqa: N818 - says what is
    """The schema is not on this machine."""


def find_schema(version: str = "1.1") -> Path:
    """The RELAX NG schema of a version of OCF, as the package pcs carries it."""
    places = [place.format(version) for place in _PLACES]
    for place in places:
        if Path(place).is_file():
            return Path(place)
    raise MissingSchema(
        f"no OCF {version} schema at {' or '.join(places)}: the package pcs carries it"
    )


def check_schema(document: str) -> list[str]:
    """What `document` breaks of OCF 1.1: of the schema that pcs carries, and of our strict one.

    One that says of itself that it is of OCF 1.0 is held to that, which the strict one is not for.
    """
    parsed = etree.fromstring(document.encode())
    is_old = parsed.findtext("version", "").strip() == "1.0"
    problems = []
    for path in (find_schema("1.0"),) if is_old else (find_schema(), _STRICT):
        schema = etree.RelaxNG(etree.parse(str(path)))
        schema.validate(parsed)
        problems += [f"line {error.line}: {error.message}" for error in schema.error_log]
    return problems


def check_own_dtd(document: str) -> list[str]:
    """What `document` breaks of the DTD it carries itself, which ocf-tester insists on."""
    parser = etree.XMLParser(dtd_validation=True, no_network=True)
    try:
        etree.fromstring(document.encode(), parser)
    except etree.XMLSyntaxError as error:
        return [str(error)]
    return []
