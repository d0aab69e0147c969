#!/bin/sh
# Installs missing programs with the system's package manager, where that may be done without asking, and says so.
#
#   install_programs.sh --required PROGRAM...          exit 3 when one is still missing
#   install_programs.sh --notice PROGRAM...            install nothing, say what is missing
#   install_programs.sh --required --package PACKAGE   install a package by its name
set -eu

mode=$1
shift

# Debian's packages by program, as codegen/arc_codegen/toolchain/packages.py has them (a test compares the two):
# this script runs before there is a Python environment.
debian_packages() {
  case $1 in
    cc | gcc) echo gcc libc6-dev ;;
    clang) echo clang libclang-rt-dev ;; # with its sanitizers
    arm-none-eabi-gcc) echo gcc-arm-none-eabi libnewlib-arm-none-eabi ;;
    riscv64-unknown-elf-gcc) echo gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf ;;
    avr-gcc) echo gcc-avr avr-libc ;;
    qemu-system-riscv32) echo qemu-system-misc ;;
    libsimavr) echo libsimavr-dev libelf-dev ;;
    *) echo "$1" ;;
  esac
}

missing=
packages=
if [ "${1:-}" = --package ]; then
  shift
  missing="$*"
  packages="$*"
else
  for program in "$@"; do
    # CC may hold arguments: its first word is the program.
    program=${program%% *}
    command -v "$program" >/dev/null 2>&1 && continue
    missing="$missing $program"
    packages="$packages $(debian_packages "$program")"
  done
fi
missing=${missing# }
packages=${packages# }
[ -n "$missing" ] || exit 0

# apt-get is tried when it is there and needs no password; anything else is the user's to run.
become=
may_install=false
if command -v apt-get >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ]; then
    may_install=true
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    become="sudo -n"
    may_install=true
  fi
  by_hand="sudo apt-get install $packages"
elif command -v dnf >/dev/null 2>&1; then
  by_hand="sudo dnf install <the packages of: $missing>"
elif [ "$(uname)" = Darwin ]; then
  by_hand="xcode-select --install (for cc), brew install <the others of: $missing>"
else
  by_hand="install with your package manager: $missing"
fi

if [ "$mode" = --notice ]; then
  echo "-- not installed: $missing. Tests that need them are skipped and say so. To have them: make toolchains"
  exit 0
fi
if ! $may_install; then
  echo "!! missing: $missing. This user may not install it without a password. Run:" >&2
  echo "     $by_hand" >&2
  exit 3
fi

echo ">> missing: $missing. Installing system packages: $become apt-get install $packages"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# $become and $packages are lists of words.
# shellcheck disable=SC2086
if ! { $become apt-get update -q && $become apt-get install -q -y --no-install-recommends $packages; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "!! apt-get failed (its words are above). Run by hand: $by_hand" >&2
  exit 3
fi
