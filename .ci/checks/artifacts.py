"""Helper of artifacts.sh. Usage: artifacts.py STAGED AGAIN VERSION

Checks that the files of the repository STAGED hold what Maven Central asks for
(https://central.sonatype.org/publish/requirements/), and that AGAIN, from another build of the same
sources, has the same files, byte for byte.
"""

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

GROUP = "io/github/fornada"
POM = "{http://maven.apache.org/POM/4.0.0}"
CHECKSUMS = {".md5": hashlib.md5, ".sha1": hashlib.sha1}
EXPECTED = {"fornada", "fornada-bom", "fornada-cli", "fornada-context-propagation", "fornada-fory",
            "fornada-micrometer", "fornada-opentelemetry", "fornada-slf4j",
            "fornada-spark", "fornada-spring-boot-starter"}


def text(element, path):
    found = element.find("/".join(POM + step for step in path.split("/")))
    return "" if found is None or found.text is None else found.text.strip()


def artifact_files(folder):
    """What is published, without checksums, signatures and the repository's own lists."""
    return sorted(
        path for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("maven-metadata")
        and path.suffix not in {*CHECKSUMS, ".sha256", ".sha512", ".asc"})


def pom_is_complete(pom, artifact, version):
    root = ElementTree.parse(pom).getroot()
    if root.find(POM + "parent") is not None:
        yield "has a parent, which users would need too"
    for path, wanted in [("groupId", GROUP.replace("/", ".")), ("artifactId", artifact), ("version", version)]:
        if text(root, path) != wanted:
            yield f"{path} is {text(root, path)!r}, not {wanted!r}"
    for path in ["name", "description", "url", "licenses/license/name", "licenses/license/url",
                 "developers/developer/name", "scm/connection", "scm/developerConnection", "scm/url"]:
        if not text(root, path):
            yield f"has no {path}"
    if text(root, "scm/url") != text(root, "url"):
        yield f"scm/url is {text(root, 'scm/url')!r}: a module's name was appended"
    for forbidden in ["repositories", "pluginRepositories", "distributionManagement", "build", "profiles"]:
        if root.find(POM + forbidden) is not None:
            yield f"has {forbidden}"
    for dependency in root.iter(POM + "dependency"):
        name = text(dependency, "groupId") + ":" + text(dependency, "artifactId")
        number = text(dependency, "version")
        if not number or re.search(r"SNAPSHOT|[\[\](),$]|LATEST|RELEASE", number):
            yield f"the version of {name} is {number!r}"
        if text(dependency, "scope") in {"test", "system"}:
            yield f"{name} has the scope {text(dependency, 'scope')}"
    if "${" in pom.read_text(encoding="utf-8"):
        yield "has an expression ${...} left"


def in_jar(jar, wanted):
    with zipfile.ZipFile(jar) as opened:
        return any(re.fullmatch(wanted, name) for name in opened.namelist())


def artifact_is_complete(folder, artifact, version):
    base = folder / f"{artifact}-{version}"
    pom = folder / f"{base.name}.pom"
    if not pom.is_file():
        yield f"no {pom.name}"
        return
    for problem in pom_is_complete(pom, artifact, version):
        yield f"{pom.name} {problem}"
    if text(ElementTree.parse(pom).getroot(), "packaging") != "pom":
        for suffix, content in [
                (".jar", r".*\.class"), ("-sources.jar", r".*\.java"), ("-javadoc.jar", r"index\.html")]:
            jar = folder / (base.name + suffix)
            if not jar.is_file():
                yield f"no {jar.name}"
            elif not in_jar(jar, content):
                yield f"{jar.name} has no file {content}"
        if (folder / f"{base.name}.jar").is_file() and not in_jar(folder / f"{base.name}.jar", "META-INF/LICENSE"):
            yield f"{base.name}.jar has no META-INF/LICENSE"
        bill = folder / f"{base.name}-cyclonedx.json"
        if not bill.is_file():
            yield f"no {bill.name}"
        else:
            content = json.loads(bill.read_text(encoding="utf-8"))
            if content.get("bomFormat") != "CycloneDX" or content["metadata"]["component"]["name"] != artifact:
                yield f"{bill.name} is no bill of materials of {artifact}"
    for path in artifact_files(folder):
        for suffix, algorithm in CHECKSUMS.items():
            checksum = path.with_name(path.name + suffix)
            if not checksum.is_file():
                yield f"no {checksum.name}"
            elif checksum.read_text().split()[0] != algorithm(path.read_bytes()).hexdigest():
                yield f"{checksum.name} is that of another file"
        if not path.with_name(path.name + ".asc").is_file():
            yield f"{path.name} is not signed"


def bom_is_complete(group, artifacts, version):
    root = ElementTree.parse(group / "fornada-bom" / version / f"fornada-bom-{version}.pom").getroot()
    listed = {text(dependency, "artifactId"): text(dependency, "version")
              for dependency in root.iter(POM + "dependency")}
    wanted = {name: version for name in artifacts - {"fornada-bom"}}
    if listed != wanted:
        yield f"fornada-bom lists {sorted(listed.items())}, not {sorted(wanted.items())}"


def differences(first, second):
    """Files that only one of two folders has, or that differ; of a jar the entries that do."""
    names = {path.relative_to(first) for path in artifact_files(first)}
    others = {path.relative_to(second) for path in artifact_files(second)}
    for name in sorted(names ^ others):
        yield f"{name}: in one of the two builds only"
    for name in sorted(names & others):
        if (first / name).read_bytes() == (second / name).read_bytes():
            continue
        entries = ""
        if name.suffix == ".jar":
            with zipfile.ZipFile(first / name) as one, zipfile.ZipFile(second / name) as two:
                differing = [
                    entry for entry in sorted({*one.namelist(), *two.namelist()})
                    if entry not in one.namelist() or entry not in two.namelist()
                    or one.read(entry) != two.read(entry)]
            entries = ": " + (", ".join(differing[:10]) or "times, order or permissions of entries")
        yield f"{name}: two builds of the same sources differ{entries}"


def main(staged, again, version):
    group = staged / GROUP
    found = {path.name for path in group.iterdir() if path.is_dir()}
    problems = [f"not staged: {name}" for name in sorted(EXPECTED - found)]
    problems += [f"staged, and not expected: {name}" for name in sorted(found - EXPECTED)]
    if version.endswith("-SNAPSHOT"):
        problems.append(f"{version} is a snapshot")
    for artifact in sorted(found):
        problems += artifact_is_complete(group / artifact / version, artifact, version)
    problems += bom_is_complete(group, found, version)
    problems += differences(staged, again)
    for problem in problems:
        print(f"artifacts: {problem}", file=sys.stderr)
    if not problems:
        count = len(artifact_files(staged))
        print(f"artifacts: {len(found)} artifacts, {count} files, twice the same")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
