"""The pages of this folder as a site: `make site` writes it to build/site."""

from strmctl import __version__

project = "strmctl"
author = "the authors of strmctl"
release = version = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"strmctl {version}"
html_static_path: list[str] = []
myst_heading_anchors = 3
exclude_patterns = ["share"]
