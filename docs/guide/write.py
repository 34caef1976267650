#!/usr/bin/env python3
"""Writes docs/guide.md and docs/guia.md: text from this folder, programs from examples/guide, and
figures from figures.json, which only real runs fill.

Usage, after mvn compile:
  write.py run            runs every program and notes what it printed
  write.py table REPORT   takes the table from a report of ./fornada scenarios --report REPORT.json
  write.py pages          writes both pages
  write.py check          runs every program, and compares what it prints; both pages must be as
                          "pages" would write them. Writes nothing.

JAVA names the command java; otherwise it is the one of JAVA_HOME, or of the PATH.
"""

import datetime
import json
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parent.parent
FIGURES = HERE / "figures.json"
PAGES = {"en": HERE.parent / "guide.md", "pt": HERE.parent / "guia.md"}
README = HOME / "README.md"
LIMIT = 120  # seconds for one program

# Program of Python, program of Java, and the seconds within which the last line must be: five
# workers that wait two seconds each, one after the other, would take ten. How long JVMs take to
# start depends on what else a machine does.
PROGRAMS = {
    "cakes": ("guide/bolos.py", "guide/Bolos.java", 2, LIMIT),
    "cakes-processes": ("guide/bolos_em_processos.py", "guide/BolosEmProcessos.java", 1, LIMIT),
    "threads": ("guide/threads.py", "guide/Threads.java", 2, 10),
    "processes": ("guide/processos.py", "guide/Processos.java", 2, LIMIT),
    "coroutines": ("guide/corrotinas.py", "guide/Corrotinas.java", 2, 10),
    "gil": ("guide/gil.py", "guide/Gil.java", 0, LIMIT),
    "race": ("guide/corrida.py", "guide/Corrida.java", None, None),
    "executors": ("guide/executores.py", "guide/Executores.java", 0.5, LIMIT),
    "mixed": ("guide/misto.py", "guide/Misto.java", 0.25, LIMIT),
    "queue": ("messages.py", "Messages.java", None, None),
    "many": ("guide/muitas.py", "guide/Muitas.java", 1, LIMIT),
    "cost": ("guide/custo.py", "guide/Custo.java", None, None),
}

# What the pages call the rows of the table, in the order of the guide.
ROWS = {
    "http-requests": ("multiple HTTP requests", "várias requisições HTTP"),
    "large-files": ("processing large files", "processar arquivos grandes"),
    "downloads": ("file downloads", "downloads de arquivos"),
    "responsive-gui": ("responsive GUI", "GUI responsiva"),
    "image-processing": ("image processing", "processamento de imagens"),
    "web-scraping": ("web scraping", "web scraping"),
    "ml-training": ("machine-learning training", "treinamento de ML"),
    "chat-server": ("chat server", "servidor de chat"),
    "math": ("mathematical computation", "cálculos matemáticos"),
    "database": ("reading and writing a database", "ler e escrever em banco de dados"),
    "gil": ("the GIL, and locks like it", "o GIL, e travas como ele"),
    "races": ("races", "condições de corrida"),
    "overheads": ("what a task costs", "o custo de uma tarefa"),
    "concurrency-vs-parallelism": ("concurrency against parallelism",
                                   "concorrência contra paralelismo"),
}

PORTUGUESE = {
    "sequential": "sequencial", "virtual": "threads virtuais", "threads": "threads",
    "processes": "processos", "asyncio or threading": "asyncio ou threading",
    "none: a loop": "nada: um laço", "a thread pool": "um pool de threads",
}


# ---- programs

def java():
    if "JAVA" in os.environ:
        return os.environ["JAVA"]
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def output(command):
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, encoding="utf-8",
                          timeout=LIMIT, check=False,
                          env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout.rstrip("\n").split("\n")


def run_both(name):
    python, source, _, _ = PROGRAMS[name]
    return {
        "python": output([sys.executable, f"examples/{python}"]),
        "java": output([java(), "-Dstdout.encoding=UTF-8", "-cp", "library/target/classes",
                        f"examples/{source}"]),
    }


def without_figures(lines):
    """What a program printed, but for what differs from run to run; workers end in any order."""
    return sorted(re.sub(r"\d+[.,]\d+ s$|(?<=process )\d+$", "N", line) for line in lines)


def same(python, java):
    """Whether both printed the same lines."""
    if without_figures(python) == without_figures(java):
        return True
    # Threads of Python write a line and its end apart, so lines may run into each other.
    left = "".join(re.sub(r"\d+[.,]\d+ s$", "N", line) for line in python)
    for line in sorted(without_figures(java), key=len, reverse=True):
        if line not in left:
            return False
        left = left.replace(line, "", 1)
    return not left


def problems(name, printed):
    """Compares what the two programs printed."""
    _, _, least, most = PROGRAMS[name]
    wrong = []
    if name == "cost":
        for side, count in (("python", 2), ("java", 3)):
            lines = [line for line in printed[side] if re.fullmatch(r"um\w* [\w ]+: \d+ µs", line)]
            if len(lines) != count or len(printed[side]) != count:
                wrong.append(f"{name}: {side} printed {printed[side]}")
    elif name == "race":
        for side in ("python", "java"):
            locked = re.fullmatch(r"com trava: (\d+) de (\d+)", printed[side][-1])
            if not locked or locked.group(1) != locked.group(2):
                wrong.append(f"{name}: with a lock {side} printed {printed[side][-1]}")
    elif not same(printed["python"], printed["java"]):
        wrong.append(f"{name}: Python printed {printed['python']}, Java {printed['java']}")
    for side in printed if least is not None else ():
        found = re.search(r"(\d+)[.,](\d+) s$", printed[side][-1])
        seconds = float(f"{found.group(1)}.{found.group(2)}") if found else -1
        if not least <= seconds < most:
            wrong.append(f"{name}: {side} took {seconds} s, not between {least} and {most}")
    return wrong


def run_all():
    printed, wrong = {}, []
    for name in PROGRAMS:
        print(name, file=sys.stderr)
        printed[name] = run_both(name)
        wrong += problems(name, printed[name])
    return printed, wrong


def machine():
    processor = "processor unknown"
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    return (f"{processor}, {os.cpu_count()} processors, {os.uname().sysname} {os.uname().machine},"
            f" load {os.getloadavg()[0]:.1f} before the run")


def versions():
    said = subprocess.run([java(), "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'"([^"]+)"', said)
    return f"Java {version.group(1) if version else '?'}, Python {sys.version.split()[0]}"


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


# ---- figures

def figures():
    return json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}


def keep(change):
    FIGURES.write_text(
        json.dumps({**figures(), **change}, indent=1, ensure_ascii=False, sort_keys=True) + "\n",
        encoding="utf-8")


def table_of(report):
    rows = []
    for scenario in report["scenarios"]:
        for trial in scenario["trials"]:
            ways = {way["name"]: way for way in trial["models"]}
            first = ways[trial["best"][0]]
            rows.append({
                "scenario": scenario["name"], "trial": trial["name"], "guide": trial["guide"],
                "best": trial["best"], "low": first["low"], "high": first["high"],
                "gain": trial["gain"], "python": trial.get("python", "-")})
    # Where the report was written to is of no interest, and may be a path of that machine.
    command = re.sub(r"(--report )\S*/", r"\1", report["command"])
    return {"rows": rows, "command": command, "date": report["date"],
            "machine": report["machine"], "versions": report["java"], "size": report["size"]}


# ---- pages

def interval(low, high):
    for factor, unit in ((1e6, "µs"), (1e3, "ms"), (1, "s")):
        if high * factor < 1000 or unit == "s":
            digits = 0 if high * factor >= 100 else 1 if high * factor >= 10 else 2
            ends = [f"{value * factor:.{digits}f}" for value in (low, high)]
            return (ends[0] if ends[0] == ends[1] else "-".join(ends)) + " " + unit
    raise AssertionError("there is always a unit")


def times(factor):
    return f"{factor:.0f}x" if factor >= 100 else f"{factor:.1f}x" if factor >= 10 else f"{factor:.2f}x"


def word(text, language):
    return PORTUGUESE.get(text, text) if language == "pt" else text


def table(kept, language):
    at = 0 if language == "en" else 1
    head = (["scenario", "the guide's pick", "in Python", "best here", "gain", "run it"],
            ["cenário", "a escolha do guia", "em Python", "o melhor aqui", "ganho", "rode"])[at]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name, titles in ROWS.items():
        for row in kept["rows"]:
            if row["scenario"] == name:
                best = ", ".join(word(way, language) for way in row["best"])
                tie = ("tie: ", "empate: ")[at] if len(row["best"]) > 1 else ""
                python = row["python"]
                for english, portuguese in {**PORTUGUESE, "no": "sem"}.items():
                    if language == "pt" and python.startswith(english + " "):
                        python = portuguese + python[len(english):]
                lines.append("| " + " | ".join([
                    titles[at] + (f" ({row['trial']})" if row["trial"] else ""),
                    word(row["guide"], language), python,
                    f"{tie}{best} {interval(row['low'], row['high'])}", times(row["gain"]),
                    f"`./fornada scenario {name}`"]) + " |")
    return "\n".join(lines)


def program(name, kept, language):
    python, source, _, _ = PROGRAMS[name]
    cells = []
    for file, fence, side in ((python, "python", "python"), (source, "java", "java")):
        text = (HOME / "examples" / file).read_text(encoding="utf-8").rstrip("\n")
        printed = "\n".join(kept[name][side])
        ran = {"python": f"python3 examples/{file}",
               "java": f"java -cp cli/target/fornada.jar examples/{file}"}[side]
        cells.append(f"<td valign=\"top\">\n\n```{fence}\n{text}\n```\n\n"
                     f"```\n$ {ran}\n{printed}\n```\n\n</td>")
    return ("<table>\n<tr><th>Python</th><th>Fornada</th></tr>\n<tr>\n" + "\n".join(cells)
            + "\n</tr>\n</table>")


def page(language):
    kept = figures()
    template = (HERE / f"{PAGES[language].stem}.md.in").read_text(encoding="utf-8")
    used = set()

    def fill(found):
        kind, _, name = found.group(1).partition(" ")
        if kind == "program":
            used.add(name)
            return program(name, kept["programs"], language)
        if kind == "table":
            return table(kept["table"], language)
        if kind == "provenance":
            return "\n".join(f"{key}: {kept[name][key]}  " for key in
                             ("command", "date", "machine", "versions")).rstrip()
        raise SystemExit(f"no such placeholder: {found.group()}")

    text = re.sub(r"\{\{([^}]+)\}\}", fill, template)
    if used != set(PROGRAMS):
        raise SystemExit(f"{language}: programs that are on no page: {set(PROGRAMS) - used}")
    missing = set(ROWS) - {row["scenario"] for row in kept["table"]["rows"]}
    if missing:
        print(f"no figures yet of: {', '.join(sorted(missing))}", file=sys.stderr)
    return text


def readme():
    """README, with the table between its two marks."""
    kept = figures()["table"]
    begin, end = "<!-- table: docs/guide/write.py -->", "<!-- end of the table -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit("README.md has no place for the table")
    lines = ["| scenario | the guide's pick | in Python | best here | gain |", "|" + " --- |" * 5]
    for name, titles in ROWS.items():
        for row in kept["rows"]:
            if row["scenario"] == name:
                tie = "tie: " if len(row["best"]) > 1 else ""
                lines.append("| " + " | ".join([
                    f"`{name}`" + (f", {row['trial']}" if row["trial"] else ""),
                    row["guide"], row["python"], tie + ", ".join(row["best"]),
                    times(row["gain"])]) + " |")
    source = f"By `{kept['command']}`, {kept['date'][:10]}, {kept['machine']}."
    return before + "\n".join([begin, *lines, "", source, end]) + after


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    wrong = []
    if command == "run":
        begun, on = today(), machine()
        printed, wrong = run_all()
        if not wrong:
            keep({"programs": printed, "provenance": {
                "command": "docs/guide/write.py run", "date": begun, "machine": on,
                "versions": versions()}})
    elif command == "table" and len(sys.argv) == 3:
        keep({"table": table_of(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))})
    elif command == "pages":
        for language, file in PAGES.items():
            file.write_text(page(language), encoding="utf-8")
        README.write_text(readme(), encoding="utf-8")
    elif command == "check":
        for language, file in PAGES.items():
            if file.read_text(encoding="utf-8") != page(language):
                wrong.append(f"{file.relative_to(HOME)} is not what docs/guide/write.py pages writes")
        if README.read_text(encoding="utf-8") != readme():
            wrong.append("the table of README.md is not what docs/guide/write.py pages writes")
        wrong += run_all()[1]
    else:
        raise SystemExit(__doc__)
    for line in wrong:
        print(f"guide: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
