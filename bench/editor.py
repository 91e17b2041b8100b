"""Measures the language server on a file of 500 lines: editor.py RESNETC

Prints the milliseconds that a client of the protocol sees for a hover, and for an edit with its diagnostics and a hover after it."""
import os
import pathlib
import statistics
import sys
import time

sys.dont_write_bytecode = True
os.environ["RESNETC"] = str(pathlib.Path(sys.argv[1]).resolve())
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "editor"))
from client import Client  # noqa: E402

LINES = 500
block = "".join(f"  c{i}: conv(3x3, 16)  b{i}: batch_norm  relu  skip from c{i - 1}\n" for i in range(1, LINES - 6))
text = f"network big(classes = 10) {{\n  input image: f32[N, 3, 64, 64]\n  c0: conv(3x3, 16)\n{block}  global_avg_pool\n  fc: linear(classes)\n  output y\n}}\n"


def timed(what):
    start = time.perf_counter()
    what()
    return 1e3 * (time.perf_counter() - start)


with Client() as client:
    name = client.open("/nowhere/big.rn", text)

    def hover(line):
        return client.request("textDocument/hover", {"textDocument": {"uri": name}, "position": {"line": line, "character": 8}})

    def edit(line):
        client.change(name, ((line, 0), (line, 0), " "))
        hover(100)

    hover(3)
    for title, what in (("hover", hover), ("edit, diagnostics and hover", edit)):
        times = [timed(lambda: what(100 + i)) for i in range(100)]
        print(f"{title}: median {statistics.median(times):.2f} ms, longest {max(times):.2f} ms")
