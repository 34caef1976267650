#!/usr/bin/env bash
# Compares the public API with that of the last tagged version (v1.2.3), by japicmp: what breaks
# programs of users, in binary or in source form, fails unless pom.xml names a version that may do
# so. That is a higher major version; while the major version is 0, a higher minor version.
#
# Usage: .ci/checks/api.sh, after mvn compile
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command git git
japicmp=0.27.0

# The last version before this commit, which may have a tag of its own.
from=HEAD
if git describe --tags --exact-match --match 'v[0-9]*' HEAD >/dev/null 2>&1; then
  from=HEAD^
fi
if ! tag="$(git describe --tags --abbrev=0 --match 'v[0-9]*' "$from" 2>/dev/null)"; then
  if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
    echo "api: this clone is shallow and shows no version: git fetch --unshallow --tags" >&2
    exit 1
  fi
  echo "api: no version is tagged yet (v1.2.3), so there is nothing to compare with"
  exit 0
fi

was="${tag#v}"
now="$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' pom.xml | head -n 1)"
[ -n "$now" ] || {
  echo "api: no version found in pom.xml" >&2
  exit 1
}
now="${now%-SNAPSHOT}"
IFS=. read -r was_major was_minor was_patch <<<"${was%%-*}"
IFS=. read -r now_major now_minor now_patch <<<"${now%%-*}"
number() { echo $(($1 * 1000000 + $2 * 1000 + $3)); }
if [ "$(number "$now_major" "$now_minor" "${now_patch:-0}")" -lt \
  "$(number "$was_major" "$was_minor" "${was_patch:-0}")" ]; then
  echo "api: pom.xml names version $now, which is below the last version, $was" >&2
  exit 1
fi
may_break=no
if [ "$now_major" -gt "$was_major" ] ||
  { [ "$was_major" -eq 0 ] && [ "$now_minor" -gt "$was_minor" ]; }; then
  may_break=yes
fi
echo "api: comparing $now with $was; may it break what was there: $may_break"

jdk="$(find_jdk 25)"
[ -d library/target/classes/io ] || mvn -B -ntp -q -pl library,fory compile
work="$PWD/target/api"
commit="$(git rev-parse "$tag^{commit}")"
old="$work/$commit"
if [ ! -e "$old/compiled" ]; then
  rm -rf "$old"
  mkdir -p "$old"
  git archive "$commit" | tar -x -C "$old"
  mvn -B -ntp -q -f "$old/pom.xml" -pl library,fory compile
  touch "$old/compiled"
fi

# exports JAR: the packages that users may use, one a line.
exports() {
  "$jdk/bin/jar" --describe-module --file "$1" | awk '$1 == "exports" && NF == 2 { print $2 }' | sort
}

for module in library fory; do
  "$jdk/bin/jar" --create --file "$work/$module-old.jar" -C "$old/$module/target/classes" .
  "$jdk/bin/jar" --create --file "$work/$module-new.jar" -C "$module/target/classes" .
done

exports "$work/library-old.jar" >"$work/exports-old"
exports "$work/library-new.jar" >"$work/exports-new"
failed=0
# Its classes may still be there, so that japicmp misses nothing.
for room in $(comm -23 "$work/exports-old" "$work/exports-new"); do
  echo "api: the package $room is not exported any more" >&2
  [ "$may_break" = yes ] || failed=1
done

# Supertypes in packages that are not exported are ignored: what users inherit from them is in the
# list of signatures (docs/api), which a test compares.
break_build=true
[ "$may_break" = no ] || break_build=false
for module in library fory; do
  packages="$(cat "$work/exports-old")"
  [ "$module" = library ] || packages=io.github.fornada.fory
  cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.github.fornada</groupId>
  <artifactId>api-$module</artifactId>
  <version>$now</version>
  <packaging>pom</packaging>
  <build>
    <directory>$work/$module</directory>
    <plugins>
      <plugin>
        <groupId>com.github.siom79.japicmp</groupId>
        <artifactId>japicmp-maven-plugin</artifactId>
        <version>$japicmp</version>
        <configuration>
          <oldVersion><file><path>$work/$module-old.jar</path></file></oldVersion>
          <newVersion><file><path>$work/$module-new.jar</path></file></newVersion>
          <parameter>
            <skipPomModules>false</skipPomModules>
            <accessModifier>protected</accessModifier>
            <includes>$(sed 's:.*:<include>&</include>:' <<<"$packages")</includes>
            <includeExclusively>true</includeExclusively>
            <onlyModified>true</onlyModified>
            <noAnnotations>true</noAnnotations>
            <ignoreMissingClassesByRegularExpressions>
              <regularExpression>org\.(jspecify|apache\.fory)\..*</regularExpression>
              <regularExpression>io\.github\.fornada\..*</regularExpression>
            </ignoreMissingClassesByRegularExpressions>
            <breakBuildOnBinaryIncompatibleModifications>$break_build</breakBuildOnBinaryIncompatibleModifications>
            <breakBuildOnSourceIncompatibleModifications>$break_build</breakBuildOnSourceIncompatibleModifications>
            <skipHtmlReport>true</skipHtmlReport>
            <skipMarkdownReport>true</skipMarkdownReport>
            <skipXmlReport>true</skipXmlReport>
          </parameter>
        </configuration>
      </plugin>
    </plugins>
  </build>
</project>
POM
  rm -rf "${work:?}/$module"
  log="$work/$module.log"
  rc=0
  mvn -B -ntp -q -f "$work/pom.xml" japicmp:cmp >"$log" 2>&1 || rc=$?
  differences="$(find "$work/$module" -name '*.diff' 2>/dev/null || true)"
  if [ -z "$differences" ]; then
    echo "api: japicmp gave no result for $module:" >&2
    cat "$log" >&2
    exit 1
  fi
  echo "api: $module: what differs (! breaks compiled programs, * breaks sources):"
  grep -vE '^(WARNING:|Semantic versioning|$)|CLASS FILE FORMAT|^Comparing' "$differences" ||
    echo "  nothing"
  if [ "$rc" -ne 0 ]; then
    grep -m 1 -oE "There is at least one.*[^ ]" "$log" | sed "s: -> \\[Help 1\\]::" >&2 || cat "$log" >&2
    failed=1
  fi
done

if [ "$failed" -ne 0 ]; then
  echo "api: keep what $was had (deprecate it), or raise the version in pom.xml:" \
    "the minor version while the major version is 0, the major version after that" >&2
fi
exit "$failed"
