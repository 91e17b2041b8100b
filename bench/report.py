"""Writes results as text: a table for each case on standard output, and one file of Markdown for all."""

import pathlib

from peers import ALL, ON_GPU, OWN


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def heading(case):
    shape = "x".join(map(str, case["input_shape"]))
    return f"{case['network']}, {shape}, batch {case['batch']}, {case['threads']} thread{'s' if case['threads'] > 1 else ''}"


def spread(row):
    return f"{row['ratio_median']:.2f} ({row['ratio_10_percent']:.2f} .. {row['ratio_90_percent']:.2f})"


def milliseconds(value):
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def schedules(case):
    """For which machine resnetc chose its schedules; measurements of before do not say."""
    return f" with schedules for {case['schedules_for']}" if case.get("schedules_for") else ""


def share(of_peak):
    return f"{100 * of_peak:.0f} %" if of_peak else "-"  # a GPU's peak is not measured


def case_text(case):
    """One case for the terminal."""
    lines = [f"{heading(case)}: {case['target']}{schedules(case)}, peak {case['peak_gflops']:.0f} GFLOP/s",
             f"  {'':14} {'median ms':>10} {'best ms':>10} {'of peak':>8}   {'resnetc / it (10 % .. 90 %), best':34} outputs differ by"]  # fmt: skip
    for name, row in case["contenders"].items():
        if "reason" in row:
            lines.append(f"  {row['title']:14} {row['reason']}")
            continue
        ratio = "" if name == "resnetc" else f"{spread(row)}, {row['ratio_best']:.2f}"
        few = "" if row["turns"] == case["rounds"] else f", {row['turns']} turns of one run"
        lines.append(f"  {row['title']:14} {milliseconds(row['median_ms']):>10} {milliseconds(row['best_ms']):>10} "
                     f"{share(row['of_peak']):>8}   {ratio:34} {row['difference']:.1e}, {row['decibels']:.0f} dB{few}")  # fmt: skip
    if case["best_peer"]:
        best = case["contenders"][case["best_peer"]]
        lines.append(f"  best of all peers: {best['title']}, ratio {spread(best)}")
    return "\n".join(lines)


def verdict(cases):
    """In how many cases resnetc is slower than the best peer, and in which, the worst first."""
    timed = [(case["contenders"][case["best_peer"]], case) for case in cases if case["best_peer"]]
    slower = sorted(((row, case) for row, case in timed if row["ratio_median"] > 1), key=lambda pair: -pair[0]["ratio_median"])
    surely = sum(row["ratio_10_percent"] > 1 for row, _ in slower)
    return "\n".join([f"Cases in which the best peer is faster than resnetc (ratio above 1): {len(slower)} of {len(timed)}. Cases in which the whole "
                      f"middle 80 % is above 1: {surely}.", "", *(f"- {heading(case)}: {row['title']}, {spread(row)}" for row, case in slower)])  # fmt: skip


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows), ""]


def markdown(results):
    cases = results["cases"]
    titles = {name: row["title"] for case in cases for name, row in case["contenders"].items()}
    peers = [name for name in (*OWN[1:], *ALL[1:], *ON_GPU[1:]) if name in titles]
    lines = [f"{results['processor']}; {results['rounds']} rounds, {results['burst']} runs a turn", ""]

    lines += ["Ratios, resnetc's time over the peer's, median and the middle 80 %: below 1, resnetc is faster.", ""]
    rows = []
    for case in cases:
        best = case["contenders"].get(case["best_peer"])
        cells = [spread(row) if "reason" not in (row := case["contenders"][name]) else "-" for name in peers]
        rows.append([case["network"], str(case["batch"]), str(case["threads"]), best["title"] if best else "-",
                     spread(best) if best else "-", *cells])  # fmt: skip
    lines += table(["network", "batch", "threads", "best peer", "ratio to it", *(titles[name] for name in peers)], rows)
    lines += [verdict(cases), ""]

    lines += ["Median milliseconds of a run, and the share of the measured multiply-add peak, convolutions counted as direct sums.", ""]
    rows = []
    for case in cases:
        cells = []
        for name in ("resnetc", *peers):
            row = case["contenders"][name]
            cells.append("-" if "reason" in row else f"{milliseconds(row['median_ms'])} ({share(row['of_peak'])})")
        rows.append([case["network"], str(case["batch"]), str(case["threads"]), f"{case['peak_gflops']:.0f}", *cells])
    lines += table(["network", "batch", "threads", "peak GFLOP/s", "resnetc", *(titles[name] for name in peers)], rows)

    reasons = {}
    for case in cases:
        for row in case["contenders"].values():
            if "reason" in row:
                reasons.setdefault(f"{row['title']}: {row['reason']}", []).append(heading(case))
    if reasons:
        lines += ["Not timed:", "", *(f"- {reason} ({'; '.join(where)})" for reason, where in reasons.items()), ""]
    settings = {f"{row['title']} {row['version']}".strip(): row["settings"]
                for case in cases for row in case["contenders"].values() if "settings" in row}  # fmt: skip
    lines += ["Settings:", "", *(f"- {title}: {text}" for title, text in settings.items()), ""]
    return "\n".join(lines)
