"""The page that zoo.py's results make."""

import collections
import statistics

from report import processor, table
from zoo_network import LARGEST_INPUT

HEAD = """# The zoo

    python3 -m pip install -r bench/zoo-requirements.txt
    python3 bench/zoo.py run bench/zoo.jsonl
    python3 bench/zoo.py table bench/zoo.jsonl > docs/zoo.md

The first command needs PyTorch, timm and ONNX Runtime; nothing else in the project does. The second takes hours for all networks. It does
only those that the file lacks, and adds a line for each, so it can be stopped and resumed. It exports each convolutional architecture of
timm and torchvision with at most 100 million parameters, imports it, compiles it, and compares one picture's outputs with PyTorch's in
float64. A network counts as convolutional unless its file multiplies two activations as matrices, or has a loop or a recurrent layer. All
parameters are random, layer scales and statistics included, so that each branch of each block changes the outputs; `bench/zoo_network.py`
says how, and checks it. Pictures have at most {size} pixels a side where the network can be exported for them, so times are those of small
pictures.

- *imported*: `resnetc import` gives a text whose graph is the model's.
- *equal*: the library's outputs differ from PyTorch's by at most 1e-4 of the largest.
- *time*: resnetc's divided by ONNX Runtime's on one processor ({processor}), the median of the family's networks.
"""


def first_line(reason):
    line = reason.splitlines()[0] if reason else "?"
    for prefix in ("resnetc: error: cannot import '", "resnetc: internal error: "):
        if line.startswith(prefix):
            line = line.removeprefix(prefix)
    if "batch1.onnx': " in line:
        line = line.split("batch1.onnx': ", 1)[1]
    return line.replace("|", "\\|")[:200]


def count_line(tried):
    equal = sum(row["status"] == "equal" for row in tried)
    return f"{equal} of {len(tried)} networks ({100 * equal / len(tried):.1f} %) are equal" if tried else "no network was tried"


def markdown(rows):
    families = collections.defaultdict(list)
    for row in rows:
        if row["status"] != "out":
            families[row["package"], row["family"]].append(row)
    lines = [HEAD.format(size=LARGEST_INPUT, processor=processor())]
    lines.append(f"These are the results of the {len(rows)} architectures that have been tried so far.")
    for package in sorted({row["package"] for row in rows}):
        tried = [row for (of, _), members in families.items() if of == package for row in members]
        lines.append(f"{package}: {count_line(tried)}; {sum(row['status'] == 'out' and row['package'] == package for row in rows)} are no "
                     "convolutional networks or have more parameters.")  # fmt: skip
    lines.append("")
    cells = []
    for (package, family), members in sorted(families.items()):
        ratios = [row["ratio"] for row in members if "ratio" in row]
        cells.append([family, package, str(len(members)), str(sum("lines" in row for row in members)),
                      str(sum(row["status"] == "equal" for row in members)), f"{statistics.median(ratios):.2f}" if ratios else "-"])  # fmt: skip
    lines += table(["family", "package", "networks", "imported", "equal", "time"], cells)
    failed = [row for members in families.values() for row in members if row["status"] == "failed"]
    if failed:
        lines += ["The others:", ""]
        lines += table(["network", "step", "reason"], [[row["name"], row["step"], first_line(row["reason"])] for row in failed])
    return "\n".join(lines)
