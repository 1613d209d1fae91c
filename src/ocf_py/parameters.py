"""What a parameter is: one declaration gives the typed value, the check and the metadata.

On the way of every monitor: imports nothing beyond this package's own light modules.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Generic, TypedDict, TypeVar, overload

    from typing_extensions import Self

    T = TypeVar("T")

    class Common(TypedDict, total=False):
        """The keywords that every kind of parameter takes."""

        required: bool
        details: str
        unique_group: str
        reloadable: bool
        deprecated: bool
        replaced_with: str
        secret: bool

    class Typed(Generic[T]):
        """The value's type, for the checkers only."""

else:

    class Typed:
        """At run time a parameter needs no type variable."""

        def __class_getitem__(cls, _item: object) -> type[Typed]:
            return cls


class Unset:
    """The default that is not there: the parameter is required or its default is computed."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()
_SECRET = ("password", "passwd", "secret")


class Parameter(Typed["T"]):
    """One parameter, as a non-data descriptor: a value given to the agent's constructor wins.

    `text` is the one-line description, `details` the long one (default: `text` again).
    A parameter is `required`, or has a `default`, or its agent has a method `_default_<name>`
    that computes one and whose docstring says so in the metadata.
    `unique_group` names the parameters whose combination must be unique in the cluster;
    `reloadable` lets Pacemaker apply a change by `reload-agent` instead of a restart;
    `deprecated` and `replaced_with` tell users what to move to (OCF 1.1, "Metadata").
    A `secret` is never logged, recorded or put on a command line; one whose name ends in
    password, passwd or secret is one without saying so.
    """

    content = "string"
    options: Sequence[str] = ()
    name: str

    def __init__(  # noqa: PLR0913 - OCF's own words for a parameter, and by name alone
        self,
        text: str,
        *,
        required: bool = False,
        default: object = UNSET,
        details: str = "",
        unique_group: str = "",
        reloadable: bool = False,
        deprecated: bool = False,
        replaced_with: str = "",
        secret: bool = False,
    ) -> None:
        if required and default is not UNSET:
            raise TypeError("a required parameter has no default")
        self.text = text
        self.required = required
        self.default = default
        self.details = details or text
        self.unique_group = unique_group
        self.reloadable = reloadable
        self.deprecated = deprecated or bool(replaced_with)
        self.replaced_with = replaced_with
        self._secret = secret

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    if TYPE_CHECKING:

        @overload
        def __get__(self, agent: None, owner: type) -> Self: ...
        @overload
        def __get__(self, agent: object, owner: type) -> T: ...

    def __get__(self, agent: object | None, owner: type) -> Any:
        """Return the default: a value that was given lies in the instance and is found before."""
        if agent is None:
            return self
        if self.default is not UNSET:
            return self.default
        if self.required:
            raise AttributeError(f"{owner.__name__} was built without its required {self.name!r}")
        value = getattr(agent, "_default_" + self.name)()
        agent.__dict__[self.name] = value  # computed once an action
        return value

    @property
    def is_secret(self) -> bool:
        """Whether the value must not be logged, recorded or put on a command line."""
        return self._secret or self.name.rpartition("_")[2] in _SECRET

    def parse(self, text: str) -> T:
        """Turn the caller's text into the value; ValueError says in one phrase what is wrong."""
        raise NotImplementedError

    def format(self, value: Any) -> str:
        """Write a value as it may stand in a CIB: what `parse` reads back."""
        return str(value)


def parse_parameters(
    declared: dict[str, Parameter[Any]], texts: dict[str, str], *, missing_is_wrong: bool = True
) -> tuple[dict[str, Any], dict[str, str]]:
    """Turn the caller's texts into values: (name → value, name → what is wrong).

    What is not declared is the business of somebody else. A required parameter that is missing is
    a problem unless `missing_is_wrong` is false: a record holds no secrets.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, parameter in declared.items():
        text = texts.get(name)
        if text is None:
            if parameter.required and missing_is_wrong:
                problems[name] = f"{name} is required and not set"
            continue
        try:
            values[name] = parameter.parse(text)
        except ValueError as error:
            shown = "(a secret)" if parameter.is_secret else repr(text)
            problems[name] = f"{name}={shown} {error}"
    return values, problems
