"""The result as text: what was measured, and how the targets stand. At most 100 columns."""

import catalog
from text import cell, spread

LABEL = 36
NARROWEST = 5


def measured(figures, rows, columns):
    lines = [("", [c.heading for c in columns])]
    for row in catalog.ROWS:
        if row.name not in rows:
            continue
        for name, label, unit in row.figures:
            cells = figures.get(name, {})
            if not cells and name != "shared":
                continue
            if name == "kill-then":
                lines.extend((sentence, []) for sentence in sentences(cells, columns))
                continue
            head = f"{label} [{unit}]" if unit else label
            lines.append((head, [cell(cells, c.name) for c in columns]))
            spreads = [spread(cells, c.name) for c in columns]
            if any(spreads):
                lines.append(("", spreads))
    return aligned(lines)


def aligned(lines):
    """Each column as wide as what is in it, with a rule under the headings."""
    widths = [
        max(NARROWEST, *(len(words[i]) for _, words in lines if words)) + 1
        for i in range(len(lines[0][1]))
    ]
    text = [
        f"{label:<{LABEL}}" + "".join(f"{word:>{width}}" for word, width in zip(words, widths))
        for label, words in lines
    ]
    return [text[0], "-" * len(text[0]), *(line.rstrip() for line in text[1:])]


def sentences(cells, columns):
    """What happens after a kill does not fit in a cell: one line for each answer."""
    answers = {}
    for c in columns:
        if c.name in cells:
            answers.setdefault(cells[c.name]["text"], []).append(c.heading)
    return [f"    then {answer}: {', '.join(who)}" for answer, who in answers.items()]


def render(result, rows):
    columns = [c for c in catalog.COLUMNS if c.name in result["versions"]]
    machine = result["machine"]
    lines = [
        f"Two workers each, {result['form']} form, {result['date']}, {result['seconds_all']} s",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"load {machine['load_before']:.1f} before",
        "",
    ]
    if machine["load_before"] > 0.5:
        lines.insert(2, "THE MACHINE WAS BUSY BEFORE THE RUN: read nothing but rough ratios from this.")
    lines += measured(result["figures"], rows, columns)
    lines += [line for line in ["", *result["noise"]] if result["noise"]]
    everything = len(rows) == len(catalog.ROWS) and "fornada" in result["versions"]
    targets = [t for t in result["targets"] if everything or t["verdict"] != "not measured"]
    if targets:
        lines += ["", f"{'target':<48}{'wanted':>14}{'measured':>18}  verdict", "-" * 94]
    for t in targets:
        measured_as = t.get("measured", "-")
        lines.append(f"{t['what']:<48}{t['target']:>14}{measured_as:>18}  {t['verdict']}".rstrip())
    lines += ["", "Versions:"]
    lines += [f"  {c.heading:<10} {result['versions'][c.name]}" for c in columns]
    if result["missing"]:
        lines += ["", "Missing:"]
        lines += [f"  {peer}: {why}" for peer, why in result["missing"].items()]
    if result["troubles"]:
        lines += ["", "Trouble:"]
        lines += [f"  {trouble}" for trouble in result["troubles"]]
    return "\n".join(lines)
