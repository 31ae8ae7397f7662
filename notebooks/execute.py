"""Executes notebooks, several at once, each in a kernel of its own, and writes each as one HTML page.

Usage: execute.py FOLDER NOTEBOOK…  Exits with 1 where a cell failed, after every notebook has run.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

CELL_SECONDS_MAX = 300
# The page asks no other host for a script.
ALONE = {"require_js_url": "", "mathjax_url": "", "jquery_url": "", "widget_renderer_url": ""}


async def execute(path, folder, places):
    """Writes the page, with the error where a cell failed. Gives what went wrong, or None."""
    async with places:
        began = time.monotonic()
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(notebook, timeout=CELL_SECONDS_MAX, resources={"metadata": {"path": path.parent}})
        problem = None
        try:
            await client.async_execute()
        except CellExecutionError as error:
            problem = f"{path}: {error}"
        no_input = {"exclude_input": True, "exclude_input_prompt": True, "exclude_output_prompt": True}
        page, _ = HTMLExporter(**no_input, **ALONE).from_notebook_node(notebook, {"metadata": {"name": path.stem}})
        written = folder / f"{path.stem}.html"
        written.write_text(page, "utf-8")
        print(f"{written}: {len(page) // 1024:,} KiB, {time.monotonic() - began:.0f} s", flush=True)
        return problem


async def main(folder, paths):
    folder.mkdir(parents=True, exist_ok=True)
    places = asyncio.Semaphore(max(2, os.cpu_count() or 1))
    problems = [problem for problem in await asyncio.gather(*(execute(path, folder, places) for path in paths)) if problem]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(Path(sys.argv[1]), [Path(path).resolve() for path in sys.argv[2:]])))
