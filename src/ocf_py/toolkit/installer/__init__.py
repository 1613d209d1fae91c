"""Writes the agents and their library where Pacemaker looks for them, and removes them again.

The standard library is all it needs, so that a packager can run it from a bare source tree:
`python3 -m ocf_py.toolkit.installer install --root D --prefix /usr`.
"""
