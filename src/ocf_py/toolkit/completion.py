"""`ocf-py completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ocf_py.toolkit.errors import ToolkitError

_PROGRAM, _VARIABLE = "ocf-py", "_OCF_PY_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(*, shell: str) -> None:
    r"""Print the script that makes SHELL complete subcommands, options, agents and parameters.

    \b
    Examples:
      ocf-py completion bash > /etc/bash_completion.d/ocf-py
      ocf-py completion zsh > /usr/local/share/zsh/site-functions/_ocf-py
      ocf-py completion fish > ~/.config/fish/completions/ocf-py.fish
    """
    from ocf_py.toolkit.command import ocf_py

    found = get_completion_class(shell)
    if found is None:
        raise ToolkitError(f"this version of click completes nothing in {shell}")
    script = found(ocf_py, {}, _PROGRAM, _VARIABLE)
    # Not source(): for bash it looks at the version of the bash here, which is not always meant.
    click.echo(script.source_template % script.source_vars())
