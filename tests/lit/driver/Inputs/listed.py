"""Fails unless the document lists the text on standard input: as whole lines, indented by four blanks or within a fence."""

import sys

text = sys.stdin.read().rstrip("\n")
with open(sys.argv[1], encoding="utf-8") as f:
    lines = f.read().splitlines()
wanted = text.splitlines()
for indent in ("", "    "):
    shown = [indent + line if line else line for line in wanted]
    if any(lines[i : i + len(shown)] == shown for i in range(len(lines))):
        sys.exit(0)
sys.exit(f"{sys.argv[1]} does not list what the command prints:\n{text}")
