"""The agent's metadata document, derived from its declaration alone.

It carries its own internal DTD: ocf-tester insists on a DTD and ships one that knows nothing of
OCF 1.1, while the RELAX NG schema of OCF 1.1, pcs, crmsh and Pacemaker do not mind it. Element
order follows that schema ("ra-api.rng" of OCF 1.1), where it matters.
"""

from __future__ import annotations

from .agent import TRACE_PARAMETERS, Advertised
from .declaration import KNOWN_ACTIONS
from .kinds import in_words
from .parameters import UNSET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .agent import Agent
    from .parameters import Parameter

_DTD = """\
<!DOCTYPE resource-agent [
<!ELEMENT resource-agent (version, longdesc*, shortdesc*, parameters, actions)>
<!ATTLIST resource-agent name CDATA #REQUIRED version CDATA #IMPLIED>
<!ELEMENT version (#PCDATA)>
<!ELEMENT longdesc (#PCDATA)>
<!ATTLIST longdesc lang NMTOKEN #REQUIRED>
<!ELEMENT shortdesc (#PCDATA)>
<!ATTLIST shortdesc lang NMTOKEN #REQUIRED>
<!ELEMENT parameters (parameter+)>
<!ELEMENT parameter (deprecated?, longdesc+, shortdesc+, content)>
<!ATTLIST parameter name CDATA #REQUIRED required (0|1) #IMPLIED
  unique-group CDATA #IMPLIED reloadable (0|1) #IMPLIED>
<!ELEMENT deprecated (replaced-with*, desc*)>
<!ELEMENT replaced-with EMPTY>
<!ATTLIST replaced-with name CDATA #REQUIRED>
<!ELEMENT desc (#PCDATA)>
<!ATTLIST desc lang NMTOKEN #REQUIRED>
<!ELEMENT content (option*)>
<!ATTLIST content type (string|integer|boolean|select) #REQUIRED default CDATA #IMPLIED>
<!ELEMENT option EMPTY>
<!ATTLIST option value CDATA #REQUIRED>
<!ELEMENT actions (action+)>
<!ATTLIST action name CDATA #REQUIRED timeout CDATA #REQUIRED interval CDATA #IMPLIED
  start-delay CDATA #IMPLIED depth CDATA #IMPLIED role CDATA #IMPLIED>
<!ELEMENT action EMPTY>
]>
"""
_META_DATA = Advertised(10, None, None, "", None)
_VALIDATE_ALL = Advertised(20, None, None, "", None)


def document(agent: type[Agent]) -> str:
    """Return the whole XML document, as `meta-data` prints it."""
    return "\n".join(_lines(agent)) + "\n"


def descriptions(documented: object) -> tuple[str, str]:
    """Split a docstring into its first line and the rest, as (shortdesc, longdesc)."""
    lines = (documented.__doc__ or "").strip().split("\n")
    body = [line.strip() for line in lines[1:]]
    paragraphs = "\n".join(body).strip()
    short = lines[0].strip().rstrip(".")
    return short, paragraphs or short


def _lines(agent: type[Agent]) -> Iterator[str]:
    short, long = descriptions(agent)
    # Without an encoding: crmsh hands the text to lxml as a str, which refuses one that names it.
    yield '<?xml version="1.0"?>'
    name, version = _attribute(agent.__name__), _attribute(agent.ocf_version)
    yield f'{_DTD}<resource-agent name="{name}" version="{version}">'
    yield "<version>1.1</version>"
    yield f'<longdesc lang="en">\n{_text(long)}\n</longdesc>'
    yield f'<shortdesc lang="en">{_text(short)}</shortdesc>'
    yield "<parameters>"
    for name, parameter in agent.ocf_parameters.items():
        if name not in TRACE_PARAMETERS:  # every agent's own come first
            yield from _parameter(agent, name, parameter)
    for name in TRACE_PARAMETERS:
        yield from _parameter(agent, name, agent.ocf_parameters[name])
    yield "</parameters>"
    yield "<actions>"
    for name in KNOWN_ACTIONS:
        declared = agent.ocf_actions.get(name)
        for element in declared.elements if declared else ():
            yield _action(name, element)
    yield _action("meta-data", _META_DATA)
    yield _action("validate-all", _VALIDATE_ALL)
    yield "</actions>"
    yield "</resource-agent>"


def _parameter(agent: type[Agent], name: str, parameter: Parameter[object]) -> Iterator[str]:
    attributes = f' name="{_attribute(name)}"'
    # Without the action, Pacemaker restarts all the same: the document does not promise more.
    is_reloadable = parameter.reloadable and "reload-agent" in agent.ocf_actions
    if parameter.unique_group:
        attributes += f' unique-group="{_attribute(parameter.unique_group)}"'
    attributes += f' required="{int(parameter.required)}" reloadable="{int(is_reloadable)}"'
    yield f"<parameter{attributes}>"
    if parameter.deprecated:
        yield "<deprecated>"
        if parameter.replaced_with:
            yield f'<replaced-with name="{_attribute(parameter.replaced_with)}"/>'
        yield "</deprecated>"
    details = parameter.details
    computed = getattr(agent, "_default_" + name, None)
    if computed is not None and parameter.default is UNSET:
        details += "\nDefault: " + " ".join((computed.__doc__ or "computed").split())
    yield f'<longdesc lang="en">\n{_text(details)}\n</longdesc>'
    yield f'<shortdesc lang="en">{_text(parameter.text)}</shortdesc>'
    content = f'<content type="{parameter.content}"'
    if parameter.default is not UNSET and parameter.default is not None:
        content += f' default="{_attribute(parameter.format(parameter.default))}"'
    if parameter.options:
        yield content + ">"
        for option in parameter.options:
            yield f'<option value="{_attribute(option)}"/>'
        yield "</content>"
    else:
        yield content + "/>"
    yield "</parameter>"


def _action(name: str, element: Advertised) -> str:
    text = f'<action name="{name}" timeout="{in_words(element.timeout)}"'
    if element.interval is not None:
        text += f' interval="{in_words(element.interval)}"'
    if element.start_delay is not None:
        text += f' start-delay="{in_words(element.start_delay)}"'
    if element.depth is not None:
        text += f' depth="{element.depth}"'
    if element.role:
        text += f' role="{element.role}"'
    return text + "/>"


def _text(text: str) -> str:
    """Escape character data; what XML 1.0 cannot hold at all becomes a question mark."""
    plain = "".join(c if c >= " " or c in "\n\t" else "?" for c in text)
    plain = plain.encode("utf-8", "replace").decode()
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    return _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
