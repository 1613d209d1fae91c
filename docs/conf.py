"""How Sphinx makes the site of these pages: `make docs`. What a page links to has to be there."""

from __future__ import annotations

from ocf_py._version import __version__

project = "ocf-py"
version = release = __version__
copyright = "the authors of ocf-py, LGPL-2.1-or-later"  # noqa: A001 - Sphinx's name for it
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 3

# A docstring is plain text; what it quotes is code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"

# A theme that is Sphinx's own, and takes nothing from another host.
html_theme = "alabaster"
html_theme_options = {
    "description": "OCF resource agents for Pacemaker, in Python",
    "page_width": "64rem",
    "sidebar_width": "15rem",
    "font_family": "sans-serif",
    "head_font_family": "sans-serif",
}
html_copy_source = False
html_show_sourcelink = False
