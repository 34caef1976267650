# Functions for .ci/run and .ci/checks/*.sh: what is missing gets installed, the rest is left alone.
# Sourced, not run.

# need_command COMMAND PACKAGE: installs Debian's PACKAGE unless COMMAND is there.
need_command() {
  command -v "$1" >/dev/null && return
  echo "installing $2 for $1"
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  if ! ${root[@]+"${root[@]}"} apt-get install -y -qq --no-install-recommends "$2" >/dev/null; then
    ${root[@]+"${root[@]}"} apt-get update -qq
    ${root[@]+"${root[@]}"} apt-get install -y -qq --no-install-recommends "$2" >/dev/null
  fi
  command -v "$1" >/dev/null || {
    echo "the package $2 was installed and brought no command $1" >&2
    return 1
  }
}

# need_browser: Chromium and its driver.
need_browser() {
  need_command chromium chromium
  need_command chromedriver chromium-driver
}

# need_playwright: playwright-core in target/node, and NODE_PATH so that Node.js finds it there.
# It drives the Chromium of need_browser and brings no browser of its own.
need_playwright() {
  need_command node nodejs
  need_command npm npm
  local folder="$PWD/target/node"
  if [ ! -d "$folder/node_modules/playwright-core" ]; then
    mkdir -p "$folder"
    npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix "$folder" \
      "playwright-core@${1:-1.64.1}"
  fi
  export NODE_PATH="$folder/node_modules"
}

# jdk_feature FOLDER: prints the feature version of the JDK there (25), or nothing.
jdk_feature() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# find_jdk LOWEST: prints the home of the first JDK of that feature version or newer.
find_jdk() {
  local home feature on_path=""
  if command -v javac >/dev/null; then
    on_path="$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")"
  fi
  for home in "${FORNADA_JDK:-}" "${JAVA_HOME:-}" "${JAVA25_HOME:-}" "${JAVA_HOME_25_X64:-}" \
    "${JAVA_HOME_25_ARM64:-}" "$on_path" /usr/lib/jvm/* /usr/java/* /opt/*jdk* /opt/*java* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.m2/jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    [ -n "$home" ] || continue
    feature="$(jdk_feature "$home")"
    if [ -n "$feature" ] && [ "$feature" -ge "$1" ]; then
      echo "$home"
      return
    fi
  done
  echo "no JDK $1 or newer found: install one, or set JAVA_HOME or FORNADA_JDK to its folder" >&2
  return 1
}
