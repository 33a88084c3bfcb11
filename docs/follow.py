"""The pages that follow one thing by hand, with what their Python prints on the finished demo of this tree.

python docs/follow.py            # at the root of the tree that holds run/demo: some seconds
"""

import contextlib
import io
import re
import sys
from pathlib import Path

PAGES = ("asteroid", "transient", "rr_lyrae", "lensed_galaxy")
_BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def printed(page: str) -> str:
    """The page with the output of each block of Python below it, in place of what stood there.

    Blocks share their names.
    """
    names: dict[str, object] = {}

    def run(block: re.Match[str]) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block[1], "page", "exec"), names)
        said = "\n".join(line.rstrip() for line in out.getvalue().splitlines()).rstrip()
        return f"```python\n{block[1]}```\n" + (f"\n```text\n{said}\n```\n" if said else "")

    return _BLOCK.sub(run, page)


def main() -> None:
    """Print all pages anew."""
    for name in PAGES:
        path = Path(__file__).parent / f"follow_{'an' if name[0] in 'ar' else 'a'}_{name}.md"
        before = path.read_text()
        path.write_text(printed(before))
        sys.stdout.write(f"{path.name}: {'as it was' if path.read_text() == before else 'printed anew'}\n")


if __name__ == "__main__":
    main()
