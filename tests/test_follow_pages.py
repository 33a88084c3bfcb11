import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
_spec = importlib.util.spec_from_file_location("follow", DOCS / "follow.py")
follow = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(follow)

PAGE = "Say.\n\n```python\na = 2\n```\n\n```python\nprint(a + 1, ' ')\n```\n\nThus.\n"
WHOLE = PAGE.replace("' ')\n```\n", "' ')\n```\n\n```text\n3\n```\n")


def test_what_a_block_prints_stands_below_it_once():
    assert follow.printed(PAGE) == WHOLE
    assert follow.printed(WHOLE) == WHOLE
    assert follow.printed(WHOLE.replace("3", "of another run")) == WHOLE


@pytest.mark.parametrize("page", sorted(DOCS.glob("follow_*.md")), ids=lambda p: p.stem)
def test_pages_are_python_that_starts_at_a_raw_pixel_and_ends_at_the_release(page):
    text = page.read_text()
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        compile(block, page.name, "exec")
    assert "raw/{visit}.fits" in text
    assert "release/" in text
    assert page.stem in {f"follow_{a}_{n}" for n in follow.PAGES for a in ("a", "an")}
