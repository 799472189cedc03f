"""What Sphinx reads: the theme, and that anything odd is a warning, which ends the build."""

from spec import VERSION

project = "nonzero"
copyright = "the authors of nonzero"
release = version = VERSION
extensions = ["myst_parser"]
myst_heading_anchors = 4                    # a link may lead to any heading of a page
html_theme = "furo"
html_title = f"nonzero {VERSION}"
html_static_path = ["static"]
html_css_files = ["nonzero.css"]
html_show_sourcelink = False
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
highlight_language = "text"
smartquotes = False                         # two hyphens are an option, not a dash
