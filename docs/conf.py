"""The settings of Sphinx, which builds the documentation site from the README and these documents: ``make docs``."""

from docs.tools.site import DOCUMENTS, HOME, setup

__all__ = ["setup"]

project = "cdk-connect-phone-number"
html_title = project
author = f"the maintainers of {project}"

# The documents are read on GitHub too, so the root of the sources is that of the repository: the same links lead there.
root_doc = HOME
include_patterns = [f"{name}.md" for name in DOCUMENTS]
exclude_patterns = [".*", "*.egg-info", "build", "cdk.out", "dist", "node_modules"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# The anchors that GitHub gives headings. A link to one that does not exist is a warning, and make docs fails.
myst_heading_anchors = 4

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 40
add_module_names = False
napoleon_google_docstring = False
napoleon_preprocess_types = True

html_theme = "furo"
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
