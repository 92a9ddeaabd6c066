"""The course as a static site: sphinx-build -W --keep-going -c notebooks/site notebooks build/site"""

import json
import re

project = "revorder"
author = "The revorder developers"
project_copyright = author
repository = "https://github.com/revorder/revorder"
binder = "https://mybinder.org/v2/gh/revorder/revorder/HEAD?urlpath=lab/tree/notebooks/"

extensions = ["myst_nb", "sphinx-mathjax-offline"]
exclude_patterns = ["site", "instructor/*.ipynb", "**.ipynb_checkpoints"]

nb_execution_mode = "off"  # the notebooks are committed with their outputs, and nbval runs them
nb_ipywidgets_js = {}  # a static page has no kernel that could answer a widget
myst_enable_extensions = ["dollarmath", "amsmath", "html_image"]
myst_dmath_double_inline = True  # $$…$$ within a paragraph, as in JupyterLab
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = "revorder: a course on backward-SGD"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
templates_path = ["."]
html_sidebars = {"**": ["contents.html"]}
html_use_index = False
html_context = {"default_mode": "auto"}
html_show_sourcelink = html_copy_source = False  # the source of a page is JSON; its first note links to the notebook
html_theme_options = {
    "logo": {"text": "revorder"},
    "icon_links": [{"name": "GitHub", "url": repository, "icon": "fa-brands fa-github"}],
    "navbar_center": [],
    "article_header_start": [],  # no breadcrumbs: the course has one level
    "search_bar_text": "Search the course",
    "footer_start": ["copyright"],
    "footer_end": [],
}

WIDGET = "application/vnd.jupyter.widget-view+json"


def run_it(name):
    """The line under a notebook's title: where it can be run."""
    return (
        "```{note}\n"
        f"This page shows the notebook as it was last run. To run it yourself, [open it in Binder]({binder}{name}), "
        f"[see it on GitHub]({repository}/blob/HEAD/notebooks/{name}), or [install it](index.md#how-to-run-it).\n```"
    )


def stand_in(cells, index, name):
    """What a reader sees in place of the widget of a cell: where it runs, and where its static figure is."""
    pictures = [at for at, cell in enumerate(cells) if ".picture" in "".join(cell["source"]) and cell.get("outputs")]
    text = f"The widget that stands here runs in JupyterLab ([open it in Binder]({binder}{name}))."
    if pictures:
        nearest = min(pictures, key=lambda at: abs(at - index))
        text += f" The figure {'below' if nearest > index else 'above'} shows its default state."
    return text


def make_static(app, docname, source):
    """Widgets become a sentence, and a figure with alt text is not stored a second time without it."""
    path = app.env.doc2path(docname)
    if path.suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    cells = notebook["cells"]
    for index, cell in enumerate(cells):
        for data in (output.get("data", {}) for output in cell.get("outputs", [])):
            if WIDGET in data:
                data.clear()
                data["text/markdown"] = stand_in(cells, index, path.name)
            elif "text/html" in data:
                data.pop("image/png", None)
    cells.insert(1, {"id": "run-it", "cell_type": "markdown", "metadata": {}, "source": run_it(path.name)})
    source[0] = json.dumps(notebook)


CODE = re.compile(r"\[([\w/]+\.py): ([\w.]+)\]\(((?:\.\./)+)\1\)")


def shown(line):
    """A line that is a link such as [a/b.py: name](../a/b.py): the code of that name, read by Sphinx from the file.

    >>> print(shown("[revorder/orders.py: Order.word](../revorder/orders.py)"))
    ```{literalinclude} ../revorder/orders.py
    :pyobject: Order.word
    :dedent:
    :caption: "[revorder/orders.py: Order.word](https://github.com/revorder/revorder/blob/HEAD/revorder/orders.py)"
    ```
    """
    if not (link := CODE.fullmatch(line)):
        raise ValueError(f"got {line!r}, but a link to code must read [a/b.py: name](../a/b.py)")
    file, name, up = link.groups()
    return (
        f"```{{literalinclude}} {up}{file}\n:pyobject: {name}\n:dedent:\n"
        f':caption: "[{file}: {name}]({repository}/blob/HEAD/{file})"\n```'
    )


def show_code_in(page):
    """Markdown in which code stands in the place of every line that is a link to it."""
    return re.sub(r"^\[.*\.py\)$", lambda line: shown(line[0]), page, flags=re.MULTILINE)


def show_code(app, docname, source):
    """In the repository the tour links to code; on the site the code itself stands there.

    A file or a name that does not exist is a warning of Sphinx, and -W makes it an error.
    """
    if app.env.doc2path(docname).suffix == ".md":
        source[0] = show_code_in(source[0])


def setup(app):
    """Called by Sphinx: pages are changed on their way into the site, not in their files."""
    app.connect("source-read", make_static)
    app.connect("source-read", show_code)
