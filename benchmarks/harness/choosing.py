"""What of a comparison is to be measured."""


def chosen(only, catalog):
    """The rows and peers asked for; all of a kind of which none is named."""
    rows = [r.name for r in catalog.ROWS]
    peers = [c.name for c in catalog.COLUMNS]
    if not only:
        return rows, peers
    names = only.split(",")
    unknown = [n for n in names if n not in rows + peers]
    if unknown:
        raise SystemExit(f"no row or peer is called {', '.join(unknown)}: see --list")
    return [r for r in rows if r in names] or rows, [p for p in peers if p in names] or peers
