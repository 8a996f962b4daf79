"""Checklists in a task's description: the items of Markdown's task lists. Pure."""

import re
from typing import Final

_ITEM: Final = re.compile(r"(\s*(?:>\s*)*(?:[-*+]|\d{1,9}[.)])\s+)\[[xX]\](?=\s|$)")
_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})")


def unchecked(description: str) -> str:
    """The description with every item still to do (`- [ ]`), and nothing else changed.

    What stands in a fenced block of code is no item.
    """
    lines, fence = [], ""
    for line in description.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        lines.append(line if fence else _ITEM.sub(r"\1[ ]", line, count=1))
    return "".join(lines)
