"""Draws every network's ratios with their spread, for each batch size and number of threads."""


def draw(results, folder):
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "resnetc"  # the same results give the same file
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    groups = {}
    for case in results["cases"]:
        groups.setdefault((case["batch"], case["threads"]), []).append(case)
    for (batch, threads), cases in groups.items():
        figure, axes = plt.subplots(figsize=(max(5, 1.6 * len(cases) + 1), 3.6), layout="constrained")
        names = [name for name in cases[0]["contenders"] if name != "resnetc"]
        width = 0.84 / len(names)
        for index, name in enumerate(names):
            timed = [(x, case["contenders"][name]) for x, case in enumerate(cases) if "reason" not in case["contenders"][name]]
            middle = [row["ratio_median"] for _, row in timed]
            below = [row["ratio_median"] - row["ratio_10_percent"] for _, row in timed]
            above = [row["ratio_90_percent"] - row["ratio_median"] for _, row in timed]
            axes.bar([x - 0.42 + width * (index + 0.5) for x, _ in timed], middle, width * 0.92, yerr=[below, above],
                     error_kw={"elinewidth": 0.8}, label=cases[0]["contenders"][name]["title"])  # fmt: skip
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set_xticks(range(len(cases)), [case["network"] for case in cases], rotation=20, ha="right")
        axes.set_ylabel("resnetc's time / peer's time")
        axes.set_title(f"batch {batch}, {threads} thread{'s' if threads > 1 else ''}: below 1, resnetc is faster", fontsize=10)
        axes.legend(fontsize=8, ncols=3)
        figure.savefig(folder / f"ratios-batch{batch}-threads{threads}.svg", metadata={"Date": None})
        plt.close(figure)
