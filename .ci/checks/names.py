"""Helper of docs.sh: names in documents exist. Usage: names.py JAVA

Every code span that is a type, or a type and a member of it (`Pool`, `Outcome.Done`,
`TaskPolicy.withRetries(2)`, `@SideBySide`, `io.github.fornada.threads`), must be in the sources of
this repository, in the JDK, or in ALLOWED. The JDK's are looked up by JdkNames.java, which runs on
JAVA, a JDK's command `java`.
"""

import re
import subprocess
import sys
from pathlib import Path

from docs import text_of, tracked

PACKAGE = "io.github.fornada"

# Names that are neither ours nor the JDK's, each with the reason why it may stand in a document.
ALLOWED = {
    name: reason
    for reason, names in [
        ("Python's, in comparisons",
         "ProcessPoolExecutor RLock SharedMemory BoundedSemaphore JoinableQueue BrokenProcessPool TaskGroup TCPConnector Protocol LocalCluster"),
        ("Kotlin's and tokio's, in comparisons",
         "Dispatchers MissedTickBehavior"),
        ("settings of systemd",
         "TasksMax TimeoutStopSec RemoveIPC"),
        ("Guava's, in comparisons",
         "RateLimiter"),
        ("of Hazelcast and Spark, in comparisons",
         "IExecutorService IdentifiedDataSerializable SparkContext"),
        ("of Spark, which a pool runs on",
         "SparkPlugin PluginContext RpcEnv JavaModuleOptions"),
        ("of Lincheck, jcstress and JUnit",
         "ModelCheckingStrategy JCStressTest Operation BeforeAll BeforeEach"),
        ("HotSpot's, in C++",
         "VM_Exit"),
        ("options of HotSpot",
         "NewSize SurvivorRatio"),
        ("Micrometer's",
         "ContextRegistry MeterRegistry"),
        ("stand for a name of the reader's own",
         "FooStress FooLincheckTest"),
    ]
    for name in names.split()
}

# History, where names that are gone may stand.
UNCHECKED = {"CHANGELOG.md"}

# The whole of a code span: a type, perhaps with members, type arguments and arguments.
TYPE = r"[A-Z]\w*[a-z]\w*"
SPAN = re.compile(
    r"(?:new |@)?((?:[a-z]\w*\.)*)(" + TYPE + r")((?:(?:\.|#|::)\w+)*)(?:<.*>)?(?:\(.*\))?(?:\{.*\})?$",
    re.DOTALL)
# A decision that is older than a name: Old names: `Then` → `Now`, `Gone`
OLD_NAMES = re.compile(r"(?m)^Old names: (.*(?:\n.+)*)$")


def without_comments_and_texts(java):
    """Java with its comments, strings and characters blanked."""
    # JMH's groups of methods are named in a string.
    java = re.sub(r'@Group\("(\w+)"\)', r"void \1();", java)
    return re.sub(
        r'"""(?:\\.|.)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/',
        lambda m: '""' if m.group()[0] in "\"'" else " ", java, flags=re.DOTALL)


class Type:
    """A type of the sources: what it declares, and the types it gets members from."""

    def __init__(self, name, header, body):
        self.name = name
        self.kind = header.split()[0]
        self.supers = set(re.findall(
            TYPE, re.sub(r"<[^<>]*>|<.*>(?=\s*(?:\(|implements|extends|$))", " ",
                         header[header.find(name) + len(name):])))
        self.header = header
        self.body = body

    def declares(self, member):
        word = re.escape(member)
        declared = (
            # a method, a field, a component or a parameter: something that is typed before it
            r"(?<![\w.])(?!(?:return|throw|new|yield|case|else|assert|instanceof|import|package)\b)"
            r"(?:[\w.]+|[>\]?])(?:\s*(?:\.\.\.|\[\]|>))*\s+" + word + r"\s*(?:[(;=,):]|$)")
        constant = r"(?:[{,]|^)\s*(?:@\w+\s+)*" + word + r"\s*(?:[,;({}]|$)"
        nested = r"\b(?:class|interface|record|enum)\s+" + word + r"\b"
        text = self.header + "\n" + self.body
        return any(re.search(pattern, text) for pattern in (declared, nested)) or (
            self.kind == "enum" and re.search(constant, self.body) is not None)


def types_of(java):
    text = without_comments_and_texts(java)
    for match in re.finditer(r"\b(class|interface|record|enum)\s+([A-Z]\w*)([^;{}]*)\{", text):
        depth = 0
        end = len(text)
        for at in range(match.end() - 1, len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if depth == 0:
                end = at
                break
        yield Type(match.group(2), match.group().rstrip("{"), text[match.end():end])


class Sources:
    def __init__(self):
        self.types = {}
        self.packages = set()
        self.files = {path.name for path in tracked()}
        for path in tracked("*.java"):
            text = text_of(path)
            package = re.search(r"(?m)^package ([\w.]+);", text)
            if package:
                self.packages.add(package.group(1))
            for found in types_of(text):
                self.types.setdefault(found.name, []).append(found)
        for path in tracked("*.js", "*.cjs", "*.py"):
            for name in re.findall(r"(?m)^\s*class (\w+)", text_of(path)):
                self.types.setdefault(name, []).append(Type(name, f"class {name}", text_of(path)))

    def missing(self, name, members):
        """What is missing of a type of ours and its members: "" if nothing; a name of the JDK that
        must have the rest, as "?Type.member", where a type of ours extends one."""
        if not members:
            return ""
        candidates = list(self.types[name])
        seen = set()
        outside = [".".join([name, *members])]  # the JDK may have another type of that name
        while candidates:
            candidate = candidates.pop()
            if candidate in seen:
                continue
            seen.add(candidate)
            if candidate.declares(members[0]):
                rest = members[1:]
                if rest and members[0] in self.types:
                    return self.missing(members[0], rest)
                return ""
            for parent in candidate.supers | {
                    {"enum": "Enum", "record": "Record"}.get(candidate.kind, "Object")}:
                if parent in self.types and parent != candidate.name:
                    candidates += self.types[parent]
                else:
                    outside.append(f"{parent}.{members[0]}")
            if candidate.kind == "enum":
                # Any enum has values() and valueOf(String).
                outside.append(f"ElementType.{members[0]}")
        return "?" + " ".join(sorted(set(outside)))


    def elsewhere(self, span):
        """Where a member is that is not where a document says: a hint for who mends the document."""
        match = SPAN.match(span)
        member = (re.findall(r"\w+", match.group(3)) or [None])[-1] if match else None
        if member is None:
            return ""
        owners = sorted({found.name for same in self.types.values() for found in same
                         if found.declares(member)})
        return f"; {member} is in {', '.join(owners)}" if 1 <= len(owners) <= 3 else ""


def spans(text):
    """Code spans outside of fenced blocks, with their lines."""
    fenced = re.sub(r"(?ms)^[ ]*```.*?^[ ]*```", lambda m: "\n" * m.group().count("\n"), text)
    # A span in double quotes shows what others look like.
    fenced = re.sub(r"``[^\n]*?``", "", fenced)
    for match in re.finditer(r"`([^`]+)`", fenced):
        if "\n\n" not in match.group():
            yield fenced.count("\n", 0, match.start()) + 1, re.sub(r"\s*\n\s*", " ", match.group(1))


def old_names(text):
    """The names that a decision says are gone; what it says they are now stays to be checked."""
    found = OLD_NAMES.search(text)
    if not found:
        return set()
    return set(re.findall(r"`([^`]+)`", re.sub(r"→\s*`[^`]+`", "", found.group(1))))


def ask(sources, span):
    """What to ask the JDK for, as a list of names of which one must be there; a sentence if it is
    known already that the span is wrong; None if it is right or no name."""
    if span.startswith(PACKAGE) and re.fullmatch(r"[a-z.]+", span):
        return None if span in sources.packages else f"no such package: {span}"
    match = SPAN.match(span)
    if not match:
        return None
    package, name = match.group(1).rstrip("."), match.group(2)
    members = re.findall(r"\w+", match.group(3))
    if members and members[0] in FILE_ENDINGS and (match.group(3).startswith(".java#") or len(members) == 1):
        return None  # a file
    if package and not package.startswith(("io.github.fornada", "java", "jdk", "com.sun")):
        return None  # an expression, or somebody else's name in full
    if package.startswith(PACKAGE) and package not in sources.packages:
        return f"no such package: {package}"
    if name in ALLOWED:
        return None
    if name in sources.types:
        missing = sources.missing(name, members)
        if not missing:
            return None
        return missing[1:].split() or f"{name} has no {members[0]}"
    return [".".join([name, *members])]


FILE_ENDINGS = {"java", "md", "txt", "html", "json", "xml", "sh", "py", "class", "jar"}


def wrong_names(java, sources, pages):
    """A sentence for each wrong name in the pages, which are (name, text)."""
    asked = []
    wrong = []
    for page, text in pages:
        gone = old_names(text)
        for line, span in spans(text):
            if any(re.match(r"(?:new |@)?" + re.escape(old) + r"(?![\w])", span) for old in gone):
                continue
            answer = ask(sources, span)
            if isinstance(answer, str):
                wrong.append(f"{page}:{line}: {answer}")
            elif answer:
                asked.append((page, line, span, answer))
    questions = sorted({name for *_, names in asked for name in names})
    if questions:
        there = set(subprocess.run(
            [java, "-XX:TieredStopAtLevel=1", str(Path(__file__).with_name("JdkNames.java")),
             *questions], check=True, capture_output=True, text=True).stdout.split())
        wrong += [
            f"{page}:{line}: neither our sources nor the JDK have `{span}`{sources.elsewhere(span)}"
            for page, line, span, names in asked if not there.intersection(names)]
    return wrong


# What the check must see, and what it must let pass.
PLANTED_WRONG = [
    "NoSuchType", "new NoSuchType(1)", "@NoSuchType", "NoSuchType.java.member", "Outcome.Nothing",
    "Outcome.Done.nothing", "ProcessPool.opens(o -> o)", "ThreadPool.submitt", "Thread.sleeep",
    "io.github.fornada.nowhere", "io.github.fornada.nowhere.ProcessPool", "Flow.publish",
]
PLANTED_RIGHT = [
    "Outcome.Done<Integer>", "Outcome.Done.value", "ProcessPool.open(o -> o.withWorkers(2))",
    "ThreadPool.invokeAll", "Thread.onSpinWait", "Map.Entry", "Kind.valueOf", "@SideBySide",
    "java.util.concurrent.Flow", "io.github.fornada", "io.github.fornada.process.ProcessPool",
    "Job.java", "README.md", "withWorkers", "a sentence with Words", "mvn verify",
]


def unseen(java, sources):
    """What this check itself gets wrong."""
    wrong = wrong_names(java, sources, [
        (f"wrong {i}", f"`{span}`") for i, span in enumerate(PLANTED_WRONG)
    ] + [(f"right {i}", f"`{span}`") for i, span in enumerate(PLANTED_RIGHT)])
    wrong += wrong_names(java, sources, [
        ("old names", "`Then` and `Then.member` and `NorThis`.\n\nOld names: `Then` → `NotNow`.")])
    said = {sentence.split(":")[0] for sentence in wrong}
    wrong = [sentence for sentence in wrong if sentence.startswith("old names")]
    if len(wrong) != 2 or not all("NotNow" in w or "NorThis" in w for w in wrong):
        return [f"names.py does not heed old names: {wrong}"]
    return [
        f"names.py does not see that this is wrong: {span}"
        for i, span in enumerate(PLANTED_WRONG) if f"wrong {i}" not in said
    ] + [
        f"names.py takes this for wrong: {span}"
        for i, span in enumerate(PLANTED_RIGHT) if f"right {i}" in said
    ]


def main(java):
    sources = Sources()
    pages = [(page, text_of(page)) for page in tracked("*.md") if page.as_posix() not in UNCHECKED]
    return unseen(java, sources) + wrong_names(java, sources, pages)


if __name__ == "__main__":
    found = main(sys.argv[1])
    for line in found:
        print("docs: " + line, file=sys.stderr)
    if found:
        print("docs: how names are checked, and what to do in decisions, says"
              " docs/decisions/README.md", file=sys.stderr)
    sys.exit(1 if found else 0)
