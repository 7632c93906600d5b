# shellcheck shell=bash
# What the scripts in ci/ share. Sourcing it also enters the root of the repository.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# run COMMAND...: prints a command, then runs it.
run() {
    printf '+ %s\n' "$*"
    "$@"
}

# 1 as soon as a figure has missed its limit; a script ends with `exit "$figures_status"`.
figures_status=0

# figure NAME VALUE UNIT OP LIMIT: prints a measured value. It holds where `VALUE OP LIMIT` does, and OP is one of
# '<' '<=' '==' '>=' '>'; a value that is not a number does not hold.
figure() {
    local name=$1 value=$2 unit=$3 op=$4 limit=$5
    printf 'figure %s %s %s limit %s\n' "$name" "$value" "$unit" "$limit"
    if ! awk -v value="$value" -v op="$op" -v limit="$limit" 'BEGIN {
            number = "^-?[0-9]+([.][0-9]+)?$"
            if (value !~ number || limit !~ number) exit 1
            order = (value > limit) - (value < limit)
            holds["<"] = order < 0; holds["<="] = order <= 0; holds["=="] = order == 0
            holds[">="] = order >= 0; holds[">"] = order > 0
            exit !holds[op]
        }'; then
        printf 'missed: %s is %s, not %s %s\n' "$name" "$value" "$op" "$limit" >&2
        # shellcheck disable=SC2034 # read by the scripts
        figures_status=1
    fi
}

# count_tests LOG FIELD: the sum of a field of the closing lines of all test programs, as `passed` or `failed`.
count_tests() {
    awk -v field="$2;" '/^test result:/ { for (i = 2; i <= NF; i++) if ($i == field) sum += $(i - 1) } END { print sum + 0 }' "$1"
}

# apt_install PACKAGE...: installs Debian packages where we may, and otherwise says which and ends with status 2.
# Waits for another apt-get at work.
apt_install() {
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        printf '%s: missing here; on Debian: apt-get install --no-install-recommends %s\n' "$0" "$*" >&2
        exit 2
    fi
    # DPkg::Lock::Timeout does not cover the lock on the package lists.
    for _ in {1..12}; do
        apt-get update -qq >&2 && break
        sleep 10
    done
    if ! DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -qq -y --no-install-recommends "$@" >&2; then
        printf '%s: could not install %s\n' "$0" "$*" >&2
        exit 2
    fi
}

# require_cargo_command COMMAND CRATE VERSION: sees to it that `cargo COMMAND` is there, by installing this version of it where none is.
require_cargo_command() {
    local command=$1 crate=$2 version=$3
    if ! cargo "$command" --version >/dev/null 2>&1; then
        run cargo install --locked --quiet "$crate@$version" >&2
    fi
}

# list_features CRATE: the names of its features, one a line. Needs python3.
list_features() {
    cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys
[package] = [p for p in json.load(sys.stdin)["packages"] if p["name"] == sys.argv[1]]
for feature in sorted(package["features"].keys() - {"default"}):
    print(feature)
' "$1"
}

# require_toolchain VERSION: sees to it that `rustup run VERSION` is there, and otherwise says what to install and ends with status 2.
require_toolchain() {
    if ! rustup run "$1" rustc --version >/dev/null 2>&1 && ! run rustup toolchain install "$1" --profile minimal >&2; then
        printf '%s: missing here: rustup toolchain install %s --profile minimal\n' "$0" "$1" >&2
        exit 2
    fi
}

# Bare-metal targets: plain cargo builds for those that rustup has installed. For the others Debian's compiler builds
# `core`, and nothing but `core`, from its own source; `-Z build-std` needs RUSTC_BOOTSTRAP there.

installed_by_rustup() {
    if [[ ! -v rustup_targets ]]; then
        rustup_targets=$(rustup target list --installed 2>/dev/null || true)
    fi
    grep -qxF -- "$1" <<<"$rustup_targets"
}

# require_target TARGET: sees to it that cargo_for can build for it.
require_target() {
    local target=$1 sysroot
    installed_by_rustup "$target" && return
    sysroot=$(/usr/bin/rustc --print sysroot 2>/dev/null || true)
    if [[ ! -x /usr/bin/cargo || ! -x /usr/bin/cargo-clippy || ! -e $sysroot/lib/rustlib/src/rust/library/core/Cargo.toml ]]; then
        printf '%s: %s is not installed by rustup (rustup target add %s); taking the compiler of Debian\n' \
            "$0" "$target" "$target" >&2
        apt_install rustc-web cargo-web rust-web-clippy rust-web-src
    fi
}

# require_linker: sees to it that cargo_for can link for all targets. Debian's compiler comes without a linker for bare
# metal, rustup's with one for all.
require_linker() {
    metal_linker=$(compgen -G "$(rustc --print sysroot)/lib/rustlib/*/bin/rust-lld" | head -n 1 || true)
    if [[ -z $metal_linker ]]; then
        metal_linker=ld.lld
        command -v ld.lld >/dev/null || apt_install lld
    fi
}

# target_variable TARGET SETTING: the variable of the environment by which cargo takes a setting for that target.
target_variable() {
    local name=${1^^}
    printf 'CARGO_TARGET_%s_%s' "${name//[-.]/_}" "$2"
}

# cargo_for TARGET COMMAND ARGUMENT...: cargo, for a target that was required; for a program, require_linker as well.
cargo_for() {
    local target=$1 command=$2
    shift 2
    if installed_by_rustup "$target"; then
        cargo "$command" --target "$target" "$@"
    else
        # Its own parts first, not those of rustup.
        env PATH="/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc "$(target_variable "$target" LINKER)=${metal_linker:-rust-lld}" \
            /usr/bin/cargo "$command" --target "$target" -Z build-std=core "$@"
    fi
}
