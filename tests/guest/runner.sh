# shellcheck shell=bash
#
# What the runners of guest tests share: options, the folder to work in, how
# the guest is made and booted, and what is looked at afterwards, whatever the
# test.  To be sourced.  What QEMU's own faults are is in run-guest.
#
# SPDX-License-Identifier: GPL-2.0-or-later

tests_guest=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$tests_guest/../.." && pwd)

# The options' values; a runner may have others, and other defaults.
build='' arch=x86_64 kernel=6.12 flavour=cloud host=10.0 smp=2 cpu='' keep=''
# Seconds for a guest that takes ten, when the machine is slow and busy.
timeout=300
# The lines on a runner's own options.
own_usage=''

usage()
{
    cat <<EOT
usage: ${0##*/} --build DIR [option...]
  --build DIR    the build folder with the plugins
  --arch ARCH    x86_64 (default) or aarch64
  --kernel VER   6.12 (default), or another that tools/guest knows
  --flavour NAME cloud (default), generic, rt or 16k: which kernel of them
  --host VER     QEMU 10.0 or 11.1 (default $host)
  --smp N        virtual CPUs (default $smp)
  --cpu MODEL    CPU model (default: the guest's)
  --keep DIR     leave what was made and written there
$own_usage
EOT
}

die()
{
    echo "${0##*/}: $*" >&2
    exit 1
}

# Reads the options.  OWN are the names of the runner's own, each a variable;
# those that end in "!" take no value.  Afterwards the variables are set, and
# also "work", a folder, and "compiler", the guest's.
runner_begin() # OWN ARGUMENT...
{
    local own=" $1 " name
    shift

    while [ $# -gt 0 ]; do
        name=${1#--}
        case $1 in
        -h | --help) usage; exit ;;
        --build | --arch | --kernel | --flavour | --host | --smp | --cpu | \
            --keep) ;;
        --*)
            if [[ $own == *" $name! "* ]]; then
                printf -v "$name" 1
                shift
                continue
            fi
            [[ $own == *" $name "* ]] ||
                die "unknown option '$1': see ${0##*/} --help"
            ;;
        *) die "unknown argument '$1': see ${0##*/} --help" ;;
        esac
        [ $# -ge 2 ] || die "option $1 needs a value"
        printf -v "$name" '%s' "$2"
        shift 2
    done
    [ -n "$build" ] || { usage >&2; exit 2; }
    build=$(cd "$build" && pwd) ||
        die "no build folder: run meson setup first"
    if [ -n "$keep" ]; then
        mkdir -p "$keep"
        work=$(cd "$keep" && pwd)
    else
        name=${0##*/}
        work=$(mktemp -d "${TMPDIR:-/tmp}/${name%-run}.XXXXXX")
        trap 'rm -rf "$work"' EXIT
    fi
    case $arch in
    x86_64 | aarch64) compiler=$arch-linux-gnu-gcc ;;
    *) die "unknown architecture '$arch': x86_64 or aarch64" ;;
    esac
    command -v "$compiler" >/dev/null ||
        die "'$compiler' is missing: run tools/setup as root"
}

# Makes the guest, with OVERLAY laid over it.
make_guest() # OVERLAY [OPTION-OF-TOOLS/GUEST-BUILD...]
{
    QPP_QUIET=1 "$top/tools/guest" build -a "$arch" -k "$kernel" \
        -f "$flavour" -O "$@" -o "$work/guest"
}

# Boots it with /qpp/run/NAME as its program.  "status" says how that ended;
# the console is in "$work/console".
boot() # NAME OPTION-OF-RUN-GUEST... -- ARGUMENT-OF-QEMU...
{
    local options=()
    while [ "$2" != -- ]; do
        options+=("$2")
        set -- "$1" "${@:3}"
    done
    if [ -n "$cpu" ]; then
        options+=(--cpu "$cpu")
    fi
    status=0
    "$tests_guest/run-guest" "${options[@]}" -r "$1" --host "$host" \
        --smp "$smp" --timeout "$timeout" --console "$work/console" "$work/guest" \
        -- "${@:3}" </dev/null || status=$?
}

console()
{
    tr -d '\r' <"$work/console"
}

# The guest has ended well, and said each LINE; it is the one asked for, as
# its program says in its first line: "NAME: kernel RELEASE ARCH, N cpus".
check_guest() # NAME LINE...
{
    local name=$1 line about
    shift

    for line; do
        if ! console | grep -x -F -e "$line" >/dev/null; then
            status="$status, no '$line'"
        fi
    done
    if [ "$status" != 0 ]; then
        console | tail -n 25 >&2
        die "the guest did not come to its end (status $status)"
    fi
    about=$(console | awk -v "start=$name: kernel " \
        'index($0, start) == 1 && !n++')
    echo "# $about, qemu $host, cpu ${cpu:-default}"
    case "$about, " in
    "$name: kernel $kernel".*" $arch, $smp cpus, "*) ;;
    *) die "this is not the guest that was asked for" ;;
    esac
    # shellcheck disable=SC2034 # for the runner
    guest_about=$about
}
