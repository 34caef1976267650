"""The result of a comparison as text: what was measured, and how the targets stand. At most 100 columns."""

from text import cell, spread

LABEL = 36
NARROWEST = 5


def measured(catalog, figures, rows, columns, label=LABEL):
    """The figures of these rows, each with the spread of its rounds below it."""
    lines = [("", [c.heading for c in columns])]
    for row in catalog.ROWS:
        if row.name not in rows:
            continue
        for name, words, unit in row.figures:
            cells = figures.get(name, {})
            if not cells:
                continue
            if name.endswith("-then"):
                lines.extend((sentence, []) for sentence in sentences(cells, columns))
                continue
            head = f"{words} [{unit}]" if unit else words
            lines.append((head, [cell(cells, c.name) for c in columns]))
            spreads = [spread(cells, c.name) for c in columns]
            if any(spreads):
                lines.append(("", spreads))
    return aligned(lines, label)


def aligned(lines, label=LABEL):
    """Each column as wide as what is in it, with a rule under the headings."""
    widths = [
        max(NARROWEST, *(len(words[i]) for _, words in lines if words)) + 1
        for i in range(len(lines[0][1]))
    ]
    text = [
        f"{head:<{label}}" + "".join(f"{word:>{width}}" for word, width in zip(words, widths))
        for head, words in lines
    ]
    return [text[0], "-" * len(text[0]), *(line.rstrip() for line in text[1:])]


def sentences(cells, columns):
    """Answers in words do not fit in a cell: one line for each answer."""
    answers = {}
    for c in columns:
        if c.name in cells:
            answers.setdefault(cells[c.name]["text"], []).append(c.heading)
    return [f"    then {answer}: {', '.join(who)}" for answer, who in answers.items()]


def render(title, catalog, result, rows, label=LABEL):
    """The whole report; `title` says what was compared."""
    columns = [c for c in catalog.COLUMNS if c.name in result["versions"]]
    machine = result["machine"]
    lines = [
        f"{title}, {result['date']}, {result['seconds_all']} s",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"load {machine['load_before']:.1f} before",
        "",
    ]
    if machine["load_before"] > 0.5:
        lines.insert(2, "THE MACHINE WAS BUSY BEFORE THE RUN: read nothing but rough ratios from this.")
    if result.get("earlier"):
        lines.insert(2, f"Row by row, in runs of their own from {result['earlier'][0]} on.")
    lines += measured(catalog, result["figures"], rows, columns, label)
    lines += [line for line in ["", *result["noise"]] if result["noise"]]
    everything = len(rows) == len(catalog.ROWS) and "fornada" in result["versions"]
    targets = [t for t in result["targets"] if everything or t["verdict"] != "not measured"]
    if targets:
        lines += ["", f"{'target':<52}{'wanted':>16}{'measured':>16}  verdict", "-" * 96]
    for t in targets:
        measured_as = t.get("measured", "-")
        lines.append(f"{t['what']:<52}{t['target']:>16}{measured_as:>16}  {t['verdict']}".rstrip())
    widest = max(len(c.heading) for c in columns) if columns else 0
    lines += ["", "Versions:"]
    lines += [f"  {c.heading:<{widest}} {result['versions'][c.name]}".rstrip() for c in columns]
    if result["missing"]:
        lines += ["", "Missing:"]
        lines += [f"  {peer}: {why}" for peer, why in result["missing"].items()]
    if result["troubles"]:
        lines += ["", "Trouble:"]
        lines += [f"  {trouble}" for trouble in result["troubles"]]
    return "\n".join(lines)
