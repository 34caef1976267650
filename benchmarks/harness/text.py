"""Figures, and what was judged, as text."""


def number(value):
    """Three digits that count."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size * 0.9995:
            return digits(value / size) + letter
    return digits(value)


def digits(value):
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}" if value >= 0.0995 else f"{value:.3f}"


def cell(cells, peer):
    one = cells.get(peer)
    if one is None:
        return "-"
    if "value" in one:
        return number(one["value"])
    return one.get("text", "-")


def judge(targets, get):
    judgements = []
    for what, target, judged in targets:
        verdict = judged(get)
        entry = {"what": what, "target": target}
        if verdict is None:
            entry["verdict"] = "not measured"
        else:
            met, entry["measured"] = verdict
            entry["verdict"] = "" if target.startswith("(") else "PASS" if met else "MISS"
        judgements.append(entry)
    return judgements
