#!/usr/bin/env bash
# What would be published, and what others make of it:
#
# - everything is built twice as a release, in different folders, time zones and locales: the files
#   are the same, byte for byte, and javadoc has no warning. (Jars hold the permissions of files, so
#   both have the umask of the published ones, 022.)
# - the files are signed, and hold what Maven Central asks for (artifacts.py)
# - a project outside of this one builds and runs against them, by README's own lines: with Maven,
#   with jbang, and with Gradle; the example in Kotlin; and an application of Spring Boot, which
#   answers from a worker JVM, shows its health and meters, and stops in order
#
# Nothing of it gets into the local repository of this machine.
# Usage: .ci/checks/artifacts.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
. .ci/install.sh
need_command git git
need_command python3 python3
need_command gpg gnupg
need_command rsync rsync
jdk="$(find_jdk 25)"
jbang=0.132.1

umask 022
work="$(mktemp -d)"
export GNUPGHOME="$work/g"
cleanup() {
  gpgconf --kill all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
mkdir -m 700 "$GNUPGHOME"

snapshot="$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' pom.xml | head -n 1)"
version="${snapshot%-SNAPSHOT}"

# sources FOLDER: the sources of this clone as a release, those not yet committed included.
sources() {
  mkdir -p "$1"
  git ls-files -z --cached --others --exclude-standard |
    rsync -0 --files-from=- --ignore-missing-args . "$1/"
  find "$1" \( -name pom.xml -o -name jbang-catalog.json -o -name README.md \) -exec \
    sed -i "s:$snapshot:$version:g" {} +
}

# stage FOLDER OPTION...: builds the sources there and puts what would be published into its folder
# "staged".
stage() {
  local folder="$1"
  shift
  if ! JAVA25_HOME="$jdk" mvn -B -ntp -f "$folder/pom.xml" -Prelease,spark -Dmaven.test.skip \
    -Dmaven.install.skip -DaltDeploymentRepository="staged::file://$folder/staged" "$@" deploy \
    >"$folder.log" 2>&1; then
    grep -E '^\[(ERROR|WARNING)\]' "$folder.log" || tail -n 50 "$folder.log"
    exit 1
  fi
}

echo "artifacts: building $version twice"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Check <check@example.org>' ed25519 sign never
sources "$work/first"
sources "$work/second folder"
stage "$work/first" -Psign
(
  export TZ=Pacific/Auckland LC_ALL=C
  stage "$work/second folder"
)
staged="$work/first/staged"

echo "artifacts: what Maven Central asks for, and the same bytes twice"
python3 .ci/checks/artifacts.py "$staged" "$work/second folder/staged" "$version"
for signature in $(find "$staged" -name '*.asc'); do
  gpg --batch --quiet --verify "$signature" "${signature%.asc}" 2>"$work/said" || {
    cat "$work/said"
    exit 1
  }
done

# ---- projects of others, which have the staged files as if they had been downloaded

# README's lines: block KIND NUMBER prints the first, second, ... fenced block of that kind.
block() {
  awk -v kind="$1" -v number="$2" '
    $0 == "```" kind { inside = ++seen == number; next }
    $0 == "```" { inside = 0 }
    inside' "$work/first/README.md"
}
block java 1 >"$work/Sizes.java"
grep -q '^//DEPS' "$work/Sizes.java"
expected="$(cd "$work/first" && wc -c <README.md && wc -c <LICENSE && wc -c <pom.xml)"
expected="[$(echo $expected | sed 's/ /, /g')]"

# expect NAME FILE: the last line of the file is what the program prints.
expect() {
  if [ "$(tail -n 1 "$2")" != "$expected" ]; then
    echo "artifacts: $1: expected $expected, got:"
    cat "$2"
    exit 1
  fi
  echo "artifacts: $1: built and run"
}

# What is in the machine's local repository is read as if it were remote, and nothing is written there.
cached="$(mvn -B -q help:evaluate -Dexpression=settings.localRepository -DforceStdout 2>/dev/null || true)"
[ -d "$cached" ] || cached="$HOME/.m2/repository"
cat >"$work/settings.xml" <<XML
<settings>
  <profiles>
    <profile>
      <id>near</id>
      <repositories>
        <repository><id>near</id><url>file://$cached</url><snapshots><enabled>false</enabled></snapshots></repository>
      </repositories>
      <pluginRepositories>
        <pluginRepository><id>near</id><url>file://$cached</url><snapshots><enabled>false</enabled></snapshots></pluginRepository>
      </pluginRepositories>
    </profile>
  </profiles>
  <activeProfiles><activeProfile>near</activeProfile></activeProfiles>
</settings>
XML

local="$work/repository"
mkdir -p "$local"
cp -r "$staged/." "$local/"

mkdir -p "$work/maven/src/main/java"
cp "$work/Sizes.java" "$work/maven/src/main/java/"
cat >"$work/maven/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>outside</groupId>
  <artifactId>outside</artifactId>
  <version>1</version>
  <properties>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencyManagement>
    <dependencies>
$(block xml 2)
    </dependencies>
  </dependencyManagement>
  <dependencies>
$(block xml 1)
$(block xml 1 | sed "s:<artifactId>fornada<:<artifactId>fornada-fory<:; /<version>/d")
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.16.0</version>
        <configuration>
          <fork>true</fork>
          <executable>$jdk/bin/javac</executable>
          <source>25</source>
          <target>25</target>
          <compilerArgs>
            <arg>-Xlint:all,-options</arg>
            <arg>-Werror</arg>
          </compilerArgs>
        </configuration>
      </plugin>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-dependency-plugin</artifactId>
        <version>3.9.0</version>
        <executions>
          <execution>
            <phase>compile</phase>
            <goals>
              <goal>build-classpath</goal>
            </goals>
            <configuration>
              <includeScope>runtime</includeScope>
              <outputFile>$work/maven/class-path</outputFile>
            </configuration>
          </execution>
        </executions>
      </plugin>
    </plugins>
  </build>
</project>
POM
mvn -B -ntp -q -s "$work/settings.xml" -Dmaven.repo.local="$local" -f "$work/maven/pom.xml" compile
grep -q "fornada-fory-$version.jar" "$work/maven/class-path"
(cd "$work/first" && timeout 60 "$jdk/bin/java" \
  -cp "$work/maven/target/classes:$(cat "$work/maven/class-path")" Sizes) >"$work/said" 2>&1 || {
  cat "$work/said"
  exit 1
}
expect Maven "$work/said"

# The example in Kotlin: data classes come back from worker JVMs.
cp -r "$work/first/examples/kotlin" "$work/kotlin"
mvn -B -ntp -q -s "$work/settings.xml" -Dmaven.repo.local="$local" -f "$work/kotlin/pom.xml" -Djdk="$jdk" \
  compile org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath \
  -Dmdep.outputFile="$work/kotlin/class-path" >"$work/said" 2>&1 || {
  cat "$work/said"
  exit 1
}
(cd "$work/first" && timeout 60 "$jdk/bin/java" \
  -cp "$work/kotlin/target/classes:$(cat "$work/kotlin/class-path")" WordCountKt LICENSE none.md) \
  >"$work/said" 2>&1 || true
if ! grep -q "^Count(file=LICENSE, lines=[1-9][0-9]*, words=[1-9][0-9]*)$" "$work/said" ||
  ! grep -q "^failed: java.nio.file.NoSuchFileException: none.md$" "$work/said" ||
  [ "$(tail -n 1 "$work/said")" != "1 of 2 end with .md" ]; then
  echo "artifacts: Kotlin: the example printed:"
  cat "$work/said"
  exit 1
fi
echo "artifacts: Kotlin: built and run"

# An application of Spring Boot, from its executable jar.
boot="$(sed -n 's:.*<spring-boot.version>\(.*\)</spring-boot.version>.*:\1:p' pom.xml | head -n 1)"
cp -r .ci/fixtures/spring-boot-sample "$work/sample"
mvn -B -ntp -q -s "$work/settings.xml" -Dmaven.repo.local="$local" -f "$work/sample/pom.xml" \
  -Dspring-boot.version="$boot" -Dfornada.version="$version" -Djdk="$jdk" package
export STARTED="$work/sample/started"
"$jdk/bin/java" -Xmx256m -Dport.file="$work/sample/port" -jar "$work/sample/target/spring-boot-sample-1.jar" \
  >"$work/said" 2>&1 &
application=$!
python3 .ci/checks/sample.py "$application" "$work/sample/port" "$STARTED" || {
  cat "$work/said"
  kill "$application" 2>/dev/null || true
  exit 1
}
code=0
wait "$application" || code=$?
if [ "$code" != 143 ]; then
  echo "artifacts: Spring Boot: expected the exit code 143 after SIGTERM, got $code"
  cat "$work/said"
  exit 1
fi
echo "artifacts: Spring Boot: built, run and stopped"

# jbang from Maven Central; the machine's own one could be of any version.
cat >"$work/jbang-pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>outside</groupId>
  <artifactId>jbang</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>dev.jbang</groupId>
      <artifactId>jbang-cli</artifactId>
      <version>$jbang</version>
    </dependency>
    <dependency>
      <!-- With the version that jbang's POM names, it finds no alias in any catalog. -->
      <groupId>com.google.code.gson</groupId>
      <artifactId>gson</artifactId>
      <version>2.13.2</version>
    </dependency>
  </dependencies>
</project>
POM
mvn -B -ntp -q -f "$work/jbang-pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$work/jbang" -DincludeScope=runtime
# run_jbang ARGUMENT...: writes the command that it would run to $work/line; its script runs that.
run_jbang() {
  # Without the network: all that it needs is in the repository that the Maven project has filled.
  JAVA_HOME="$jdk" JBANG_DIR="$work/jbang-home" JBANG_REPO="$local" \
    timeout 120 "$jdk/bin/java" -cp "$work/jbang/*" dev.jbang.Main --offline "$@" >"$work/line"
}
run_jbang run "$work/Sizes.java" || true
(cd "$work/first" && timeout 60 bash -c "$(cat "$work/line")") >"$work/said" 2>&1 || true
expect jbang "$work/said"

# The command by the catalog: what it needs is in that repository first.
mvn -B -ntp -q -s "$work/settings.xml" -Dmaven.repo.local="$local" -f "$work/maven/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.9.0:get -Dartifact="io.github.fornada:fornada-cli:$version"
# These say where a file came from; jbang would ask there for it.
find "$local" -name _remote.repositories -delete
mkdir "$work/catalog"
cp "$work/first/jbang-catalog.json" "$work/catalog/"
(cd "$work/catalog" &&
  run_jbang run fornada run "$work/first/examples/WordCount.java" "$work/first/LICENSE") || true
timeout 60 bash -c "$(cat "$work/line")" \
  >"$work/said" 2>"$work/messages" </dev/null || true
if ! grep -q '"words"' "$work/said"; then
  echo "artifacts: the command by jbang's catalog printed:"
  cat "$work/said" "$work/messages"
  exit 1
fi
echo "artifacts: the command by jbang's catalog: run"

# Gradle: README's two lines are the same in Kotlin, for Gradle 9, and in Groovy, for the Gradle 4 of
# Debian. That one runs on Java 17 at most, so it starts the javac and the java of the JDK 25.
need_command gradle gradle || true
mkdir -p "$work/gradle/src/main/java"
cp "$work/Sizes.java" "$work/gradle/src/main/java/"
# old_java: prints the home of a Java that Gradle 4 runs on, or nothing.
old_java() {
  local home
  for home in /usr/lib/jvm/*; do
    if [ -x "$home/bin/java" ] && [ -r "$home/release" ]; then
      case "$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")" in
        11 | 17)
          echo "$home"
          return
          ;;
      esac
    fi
  done
}
# gradle_run HOME: runs the project on that Java, without the network, which it does not need.
gradle_run() {
  JAVA_HOME="$1" timeout 600 gradle --project-dir "$work/gradle" --gradle-user-home "$work/gradle-home" \
    --no-daemon --offline --quiet -Dmaven.repo.local="$local" run >"$work/said" 2>&1 || true
}
gradle="$(command -v gradle >/dev/null 2>&1 && JAVA_HOME="$(old_java)" gradle --version 2>/dev/null |
  sed -n 's/^Gradle \([0-9]*\).*/\1/p' || true)"
if [ -z "$gradle" ]; then
  echo "artifacts: Gradle: skipped, there is no command named gradle here that runs"
elif [ "$gradle" -ge 9 ]; then
  echo 'rootProject.name = "outside"' >"$work/gradle/settings.gradle.kts"
  {
    echo 'plugins { application }'
    block kotlin 1
    echo 'application { mainClass = "Sizes" }'
    echo "tasks.named<JavaExec>(\"run\") { workingDir = file(\"$work/first\") }"
  } >"$work/gradle/build.gradle.kts"
  gradle_run "$jdk"
  expect "Gradle $gradle" "$work/said"
elif [ "$gradle" -ge 5 ]; then
  echo "artifacts: Gradle: skipped, the gradle here is $gradle; 9 knows JDK 25, and Debian's 4 starts it"
else
  echo "rootProject.name = 'outside'" >"$work/gradle/settings.gradle"
  {
    echo "apply plugin: 'java'"
    block kotlin 1
    cat <<GROOVY
compileJava {
  sourceCompatibility = '25'
  targetCompatibility = '25'
  options.encoding = 'UTF-8'
  options.fork = true
  options.forkOptions.javaHome = file('$jdk')
}
task run(type: JavaExec, dependsOn: classes) {
  executable = '$jdk/bin/java'
  main = 'Sizes'
  classpath = sourceSets.main.runtimeClasspath
  workingDir = file('$work/first')
}
GROOVY
  } >"$work/gradle/build.gradle"
  gradle_run "$(old_java)"
  expect "Gradle $gradle" "$work/said"
fi
