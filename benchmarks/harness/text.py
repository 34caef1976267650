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


def spread(cells, peer):
    """Half of the distance between the extreme rounds, as a part of the median."""
    one = cells.get(peer, {})
    if "spread" not in one:
        return "*" if one.get("all_disturbed") else ""
    return f"+-{one['spread']:.0%}" + ("*" if one.get("all_disturbed") else "")


def noise(figures):
    """Says how many rounds were dropped; no line if none was."""
    dropped, spoilt = figures.dropped()
    lines = []
    if dropped:
        lines.append(f"{dropped} values were dropped: others used the machine in their round.")
    if spoilt:
        lines.append(f"* Others used the machine in all rounds of {spoilt} figures: rough ratios only.")
    return lines


DRAWS = 400


def judge(targets, figures):
    """Holds each target against its interval: the rounds are drawn again many times.

    PASS or MISS if at least 95 % of the draws say so, else "open": the rounds do not tell.
    """
    judgements = []
    for what, target, judged in targets:
        verdict = judged(figures.get)
        entry = {"what": what, "target": target}
        if verdict is None:
            entry["verdict"] = "not measured"
        else:
            entry["measured"] = verdict[1]
            if target.startswith("("):
                entry["verdict"] = ""
            else:
                met = sum(judged(figures.redrawn(seed))[0] for seed in range(DRAWS)) / DRAWS
                entry["verdict"] = "PASS" if met >= 0.95 else "MISS" if met <= 0.05 else "open"
        judgements.append(entry)
    return judgements
