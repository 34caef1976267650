"""The result as text: what was measured, and how the targets stand. At most 100 columns."""

import catalog
from text import cell, spread

LABEL = 36
CELL = 8


def measured(figures, rows, columns):
    align = lambda words: "".join(f"{w:>{CELL}}" for w in words)
    lines = [" " * LABEL + align([c.heading for c in columns])]
    lines.append("-" * len(lines[0]))
    for row in catalog.ROWS:
        if row.name not in rows:
            continue
        for name, label, unit in row.figures:
            cells = figures.get(name, {})
            if cells:
                head = f"{label} [{unit}]"
                lines.append(f"{head:<{LABEL}}" + align([cell(cells, c.name) for c in columns]))
                spreads = [spread(cells, c.name) for c in columns]
                if any(spreads):
                    lines.append((" " * LABEL + align(spreads)).rstrip())
    return lines


def render(result, rows):
    columns = [c for c in catalog.COLUMNS if c.name in result["versions"]]
    machine = result["machine"]
    lines = [
        f"Structured tasks, {result['form']} form, {result['date']}, {result['seconds_all']} s",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"load {machine['load_before']:.1f} before",
        "",
    ]
    if machine["load_before"] > 0.5:
        lines.insert(2, "THE MACHINE WAS BUSY BEFORE THE RUN: read nothing but rough ratios from this.")
    if result.get("earlier"):
        lines.insert(2, f"Row by row, in runs of their own from {result['earlier'][0]} on.")
    lines += measured(result["figures"], rows, columns)
    lines += [line for line in ["", *result["noise"]] if result["noise"]]
    everything = len(rows) == len(catalog.ROWS) and "fornada" in result["versions"]
    targets = [t for t in result["targets"] if everything or t["verdict"] != "not measured"]
    if targets:
        lines += ["", f"{'target':<52}{'wanted':>16}{'measured':>12}  verdict", "-" * 96]
    for t in targets:
        measured_as = t.get("measured", "-")
        lines.append(f"{t['what']:<52}{t['target']:>16}{measured_as:>12}  {t['verdict']}".rstrip())
    lines += ["", "Versions:"]
    lines += [f"  {c.heading:<10} {result['versions'][c.name]}" for c in columns]
    for heading, what in (("Missing", result["missing"].items()), ("Trouble", result["troubles"])):
        if what:
            lines += ["", f"{heading}:"]
            lines += [f"  {one}" if isinstance(one, str) else f"  {one[0]}: {one[1]}" for one in what]
    return "\n".join(lines)
