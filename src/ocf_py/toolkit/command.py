"""The Click group behind `ocf-py`: subcommands are files, loaded when one is asked for."""

from __future__ import annotations

import importlib
import io
import sys

import click

from ocf_py._version import __version__
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.standard_output import open_output

# The module of each subcommand, and the Click command in it, is called like it ("-" being "_").
_SUBCOMMANDS = {
    "install": "Install the agents where Pacemaker looks for them.",
    "uninstall": "Remove what `install` wrote.",
    "list": "List the installed agents of every provider.",
    "info": "Show the parameters and actions of an agent.",
    "metadata": "Print an agent's metadata document as it is.",
    "validate": "Judge agents' metadata, and cluster configurations.",
    "run": "Run one action of an agent as Pacemaker would.",
    "migrate": "Rewrite resources of other agents in a CIB into ours.",
    "mirror": "Look at a mirrored directory, and decide for it.",
    "drbd": "Fence a peer of DRBD: the handlers for its configuration.",
    "test": "Hold any OCF agent to the protocol.",
    "new": "Begin an agent of your own, with its tests.",
    "doctor": "Say whether this node is fit for the agents.",
    "import-heartbeat": "Translate the configuration of a Heartbeat v1 pair.",
    "lab": "Run a real cluster in namespaces on this machine.",
    "completion": "Print the completion script of a shell.",
    "man": "Write the manual pages.",
}

# What an optional part of the toolkit imports, and the extra that brings it.
_EXTRAS = {"pyroute2": "lab"}


def bring(extra: str) -> str:
    """What brings an optional part, whether pip or a package manager has brought the toolkit."""
    return f"pip install 'ocf-py[{extra}]', or install the package ocf-py-{extra}"


class LazyGroup(click.Group):
    """A group that imports a subcommand's module when the subcommand is used, not before.

    The module that shows the list of subcommands must not pay for all of them.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """The subcommands' names, in the order of the help."""
        return list(_SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The subcommand, imported now; None where there is none of that name."""
        if cmd_name not in _SUBCOMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        try:
            module = importlib.import_module(f"ocf_py.toolkit.{name}")
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if missing.startswith((f"ocf_py.toolkit.{name}", "ocf_py.lab")):
                raise ToolkitError(
                    f"{cmd_name}: this part of ocf-py is not installed",
                    hint=f"install the package ocf-py-{name.partition('_')[0]}",
                ) from error
            extra = _EXTRAS.get(missing.partition(".")[0])
            if extra is None:
                raise
            raise ToolkitError(
                f"{cmd_name}: the Python package {error.name} is missing",
                hint=bring(extra),
            ) from error
        command: click.Command = getattr(module, name)
        _keep_examples(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Lists the subcommands from the table: help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUBCOMMANDS.items()))


def _keep_examples(command: click.Command) -> None:
    r"""Lets the help of `command`, and of all below it, keep the lines of its examples.

    Click wraps no paragraph that begins with the letter \b, a backspace. In a docstring that has
    to be a raw one, for the sake of every other backslash, it stands as two.
    """
    if command.help:
        command.help = command.help.replace("\\b\n", "\b\n")
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _keep_examples(inner)


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="ocf-py")
def ocf_py() -> None:
    """Pacemaker-compatible OCF resource agents in Python."""


def run() -> None:
    """Runs `ocf-py`: 0 done, 1 failed or found something, 2 misused, 130 interrupted."""
    open_output()
    if isinstance(sys.stderr, io.TextIOWrapper):  # a file's name may be of any bytes
        sys.stderr.reconfigure(errors="backslashreplace")
    try:
        status = ocf_py.main(prog_name="ocf-py", standalone_mode=False)
    except ToolkitError as error:
        _complain(str(error))
        status = error.status
    except click.ClickException as error:
        _complain(_explain(error))
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except OSError as error:  # the system refused something that nobody expected it to
        name = "" if error.filename is None else f"{click.format_filename(error.filename)}: "
        _complain(f"{name}{error.strerror or error}")
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _complain(line: str) -> None:
    click.echo(f"ocf-py: {line}", err=True)


def _explain(error: click.ClickException) -> str:
    """Click's complaint as a line of ours: which command, what, and where its usage stands."""
    message = " ".join(error.format_message().split()).rstrip(".")
    context: click.Context | None = getattr(error, "ctx", None)
    if context is not None:
        words = context.command_path
    else:  # Click's parser of options does not say whose it is
        words = " ".join(["ocf-py", *(one for one in sys.argv[1:2] if one in _SUBCOMMANDS)])
    place = words.partition(" ")[2]
    message = message[:1].lower() + message[1:]
    said = f"{place}: {message}" if place else message
    end = "" if said.endswith("?") else ";"  # later versions ask whether another word was meant
    return f"{said}{end} `{words} --help` shows what there is"
