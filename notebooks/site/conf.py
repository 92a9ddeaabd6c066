"""The course as a static site: sphinx-build -W --keep-going -c notebooks/site notebooks build/site"""

import html
import json
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the modules beside this file

project = "revorder"
author = "The revorder developers"
project_copyright = author
repository = "https://github.com/revorder/revorder"
binder = "https://mybinder.org/v2/gh/revorder/revorder/HEAD?urlpath=lab/tree/notebooks/"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_nb", "sphinx-mathjax-offline", "reference", "linking"]
exclude_patterns = ["site", "results/**/README.md", "instructor/*.ipynb", "**.ipynb_checkpoints"]

nb_execution_mode = "off"  # the notebooks are committed with their outputs, and nbval runs them
nb_ipywidgets_js = {}  # a static page has no kernel that could answer a widget
myst_enable_extensions = ["dollarmath", "amsmath", "html_image"]
myst_dmath_double_inline = True  # $$…$$ within a paragraph, as in JupyterLab
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "description"  # behind the parameters; a signature holds names and defaults
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
napoleon_google_docstring = napoleon_numpy_docstring = False  # reference.py asks it itself
napoleon_custom_sections = [("Attributes", "params_style")]

html_theme = "pydata_sphinx_theme"
html_title = "revorder: a course on backward-SGD"
html_favicon = "icon.svg"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
templates_path = ["."]
html_sidebars = {"**": ["contents.html"]}
html_use_index = html_domain_indices = False
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
FIGURES = Path(__file__).parents[2] / "revorder" / "live"


BADGE = re.compile(r"\[!\[Open in (\w+)\]\([^)]*\)\]\(([^)]*)\)")


def run_it(name, badges=()):
    """The line under a notebook's title: where it can be run; badges are (where, address)."""
    there = "".join(f"[in {where}]({address}), " for where, address in badges)
    return (
        "*This page shows the notebook as it was last run. "
        f"To run it yourself, [open it in Binder]({binder}{name}), {there}"
        f"[see it on GitHub]({repository}/blob/HEAD/notebooks/{name}), or [install it](index.md#how-to-run-it).*"
    )


def stand_in(name):
    """The line under the picture of a widget that needs Python: where it runs."""
    return f'<p>This widget trains in Python: it is alive <a href="{binder}{name}">in Binder</a> or JupyterLab.</p>'


def make_static(app, docname, source):
    """Live figures and pictures stay, as HTML; under a widget that needs Python a line says where it runs."""
    path = app.env.doc2path(docname)
    if path.suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        fold(cell)
        for data in (output.get("data", {}) for output in cell.get("outputs", [])):
            shown = "".join(data.get("text/html", ""))
            if WIDGET in data and "data-figure" not in shown:
                shown += stand_in(path.name)
            if WIDGET in data or shown:
                data.clear()
                data["text/html"] = shown
    title = "".join(notebook["cells"][0]["source"])  # its badges are pictures from other hosts: here they are links
    notebook["cells"][0]["source"] = BADGE.sub("", title)
    text = run_it(path.name, BADGE.findall(title))
    note = {"id": "run-it", "cell_type": "markdown", "metadata": {}, "source": text}
    notebook["cells"].insert(4 if opens_with_a_figure(notebook) else 1, note)
    source[0] = json.dumps(notebook)


def fold(cell):
    """A figure stands there without the line that makes it; checks, and what is optional, are one line to unfold."""
    metadata, tags = cell["metadata"], cell["metadata"].setdefault("tags", [])
    if "data-figure" in str(cell.get("outputs")) and len("".join(cell["source"]).splitlines()) <= 3:
        tags.append("remove-input")
    if "ro.course.check(" in "".join(cell["source"]):
        cell["outputs"] = []  # what it says to who has not answered yet
    if "optional" in tags:
        metadata["tags"] = ["hide-cell"]
        metadata["mystnb"] = {"code_prompt_show": "Optional: show it"}
    if "checks" in tags:
        said = "".join(text for output in cell["outputs"] for text in output.get("text", "")).strip() or "checks"
        metadata["tags"] = ["hide-cell"]
        metadata["mystnb"] = {"code_prompt_show": f"{said[0].upper()}{said[1:]}: see how", "code_prompt_hide": said}


def opens_with_a_figure(notebook):
    """Title, set-up, live figure or widget, and what to notice in it: these stay together."""
    first = str([cell.get("outputs") for cell in notebook["cells"][2:3]])
    return "data-figure" in first or "trains in Python" in first


def open_with_the_hero(app, docname, source):
    """The first picture of the first page is a live figure where JavaScript runs."""
    picture = re.search(r"!\[[^\]]*\]\(figures/hero\.png\)", source[0])
    if docname != "index" or not picture:
        return
    batches = json.loads((FIGURES / "recordings" / "regression.json").read_text())
    state = html.escape(json.dumps({"lr": 0.2, "start": [0, 0], "step": 0, "reached": [], **batches}))
    live = f'<div class="revorder-live" data-figure="hero" data-state="{state}">\n\n{picture[0]}\n\n</div>'
    source[0] = source[0].replace(picture[0], live)


def copy_figures(app):
    """The modules of the live figures, as they are: a page imports those that it shows."""
    shutil.copytree(FIGURES / "js", Path(app.outdir) / "_static" / "live", dirs_exist_ok=True)


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
    app.connect("builder-inited", copy_figures)
    app.add_css_file("live/live.css")
    app.add_js_file("live/site.js", type="module")
    app.connect("source-read", make_static)
    app.connect("source-read", open_with_the_hero)
    app.connect("source-read", show_code)
