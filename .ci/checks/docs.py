"""Helper of docs.sh. Usage: docs.py links|addresses|snippets|messages SCRATCH"""

import os
import re
import subprocess
import sys
from pathlib import Path


def tracked(*patterns):
    """Files of this clone, those not yet committed included."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listing.split("\0") if name and Path(name).is_file()]


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # not text


def without_code(markdown):
    """Fenced blocks and code spans blanked, line by line, so that line numbers hold."""
    fenced = re.sub(r"(?ms)^[ ]*```.*?^[ ]*```", lambda m: "\n" * m.group().count("\n"), markdown)
    return re.sub(r"`[^`\n]*`", lambda m: "x" * len(m.group()), fenced)


def anchors(path):
    """The ids that GitHub gives to headings, and those written in HTML."""
    text = re.sub(r"(?ms)^[ ]*```.*?^[ ]*```", "", text_of(path))
    seen = {}
    found = set(re.findall(r'\bid="([^"]+)"', text))
    for heading in re.findall(r"(?m)^#{1,6}\s+(.*?)\s*#*$", text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def links():
    wrong = []
    for page in tracked("*.md"):
        text = without_code(text_of(page))
        for match in re.finditer(
                r"\]\(\s*<?([^)\s>]+)|\b(?:src|srcset|href)=\"([^\"\s]+)", text):
            target = match.group(1) or match.group(2)
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            line = text.count("\n", 0, match.start()) + 1
            name, _, anchor = target.partition("#")
            file = page if not name else Path(os.path.normpath(page.parent / name))
            if not file.exists():
                wrong.append(f"{page}:{line}: no such file: {target}")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                wrong.append(f"{page}:{line}: no such heading: {target}")
    return wrong


def addresses():
    # The folder of this clone and its siblings' parent, whatever they are called here.
    home = Path.cwd()
    here = [str(home)] if len(home.parts) > 2 else []
    patterns = [
        (r"https?://[^/\s\"'<>]*(?:artifactory|nexus|verdaccio|registry|mirror)[^/\s\"'<>]*",
         "address of a registry"),
        (r"https?://(?!localhost\b|127\.|\[)[\w.-]+:[0-9]{2,5}\b", "address with a port"),
        (r"\b(?:10\.[0-9]+|192\.168)\.[0-9]+\.[0-9]+\b", "private address"),
        (r"(?<![\w.$}~-])/(?:home|Users)/(?!(?:someone|user|you|me)/)[a-z][\w.-]*/", "path of a machine"),
        (r"(?<![\w.$}~/-])/root/", "path of a machine"),
    ] + [(re.escape(path) + r"(?![\w-])", "path of this clone") for path in here]
    wrong = []
    for path in tracked():
        if path == Path(".ci/checks/docs.py"):
            continue
        for number, line in enumerate(text_of(path).splitlines(), 1):
            for pattern, what in patterns:
                found = re.search(pattern, line)
                if found:
                    wrong.append(f"{path}:{number}: {what}: {found.group()}")
    return wrong


SNIPPET = re.compile(r"(?ms)^```java\n(.*?)^```")


def snippets(scratch):
    """Writes each snippet as a compact source file; docs.sh compiles them.

    What is a whole file of examples/guide is left out: guide.sh compiles and runs it.
    """
    examples = {text_of(path) for path in tracked("examples/guide/*.java", "examples/*.java")}
    rooms = [
        path.parent.relative_to("library/src/main/java").as_posix().replace("/", ".")
        for path in Path("library/src/main/java").rglob("package-info.java")]
    number = 0
    for page in tracked("*.md"):
        text = text_of(page)
        for match in SNIPPET.finditer(text):
            number += 1
            line = text.count("\n", 0, match.start()) + 1
            code = match.group(1)
            if code in examples:
                continue
            imports = "".join(re.findall(r"(?m)^import .*\n", code))
            body = re.sub(r"(?m)^import .*\n", "", code)
            if not re.search(r"(?m)^void main\(", body):
                body = "void main() throws Exception {\n" + body + "}\n"
            stars = "".join(f"import {room}.*;\n" for room in sorted(rooms))
            file = Path(scratch) / f"Snippet{number}.java"
            file.write_text(f"// {page}:{line}\n{stars}{imports}{body}", encoding="utf-8")
    if number == 0:
        return ["no Java snippet found in any Markdown file"]
    return []


def share_found(message, sources):
    """How much of a message is in the sources in runs of two words or more: 0 to 1.

    Messages are put together from literals, so no run need be the whole.
    """
    words = message.split()
    found = i = 0
    while i < len(words):
        j = i + 1
        while j <= len(words) and " ".join(words[i:j]) in sources:
            j += 1
        run = j - 1 - i
        found += run if run > 1 or run == len(words) else 0
        i += max(run, 1)
    return found / len(words)


def messages():
    """Most of each message that heads a section must be in some source."""
    sources = "".join(
        text_of(path) for path in tracked("*.java", "fornada", "*.sh")
        if "src/test" not in path.as_posix())
    # Literals that are joined at once are one.
    sources = re.sub(r'"\s*\+\s*"', "", sources).replace('\\"', '"')
    wrong = []
    page = Path("docs/troubleshooting.md")
    for number, line in enumerate(text_of(page).splitlines(), 1):
        if not line.startswith("### "):
            continue
        for message in re.findall(r"`([^`]+)`", line):
            # Without what differs from case to case.
            fixed = re.sub(r"\.\.\.|\S*\b[NXY]\b\S*|\[\S*", " ", message).strip(" \"'():;,.")
            if len(fixed.split()) > 1 and share_found(fixed, sources) < 0.6:
                wrong.append(f"{page}:{number}: not in the sources: {message}")
    return wrong


def main():
    step, scratch = sys.argv[1], sys.argv[2]
    wrong = snippets(scratch) if step == "snippets" else globals()[step]()
    for line in wrong:
        print("docs: " + line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
