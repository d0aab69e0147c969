#!/bin/sh
# Makes a virtual environment: create_venv.sh PYTHON FOLDER.
# Debian splits `ensurepip` off into python3-venv: installed, with a word, where that is allowed.
set -eu
python=$1
folder=$2

new_enough() {
  command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if ! new_enough "$python"; then
  for candidate in python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then
      python=$candidate
      break
    fi
  done
fi
if ! new_enough "$python"; then
  echo "!! Python 3.11 or newer is needed; '$python' is not. Name one: make PYTHON=/path/to/python3.12 ..." >&2
  exit 3
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  sh "$(dirname "$0")/install_programs.sh" --required --package "$version"
fi

echo ">> creating $folder with $("$python" --version)"
"$python" -m venv "$folder"
# Debian 12's pip of 2023 does not read the system's certificates, so it fails behind a company's proxy.
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24.2'
