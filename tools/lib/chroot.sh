# shellcheck shell=bash
#
# Runs a program of another Debian release from its chroot in the cache, on
# this machine's files at their own paths.  Made by tools/setup.  To be
# sourced after common.sh.
#
# SPDX-License-Identifier: GPL-2.0-or-later

chroot_dir() # SUITE
{
    echo "$QPP_CACHE/chroot/$1"
}

# Folders outside the chroot that the words of a command line mean: files
# named by themselves or in options ("file=...", "path,opt=...").
_chroot_folders() # WORD...
{
    local word part path
    for word; do
        local IFS=',='
        for part in $word; do
            case $part in
            */*) ;;
            *) continue ;;
            esac
            path=$(realpath -m -- "$part")
            if [ -d "$path" ]; then
                echo "$path"
            elif [ -d "${path%/*}" ]; then
                echo "${path%/*}"
            fi
        done
    done | sort -u | grep -vE '^/?$|^/(usr|lib|lib64|bin|sbin|etc|dev|proc|sys|run|boot)(/|$)'
}

# Runs COMMAND in the chroot, in the same folder, with the project, FOLDER...
# and whatever folders the command's words name mounted at their own paths.
# The mounts belong to a namespace of the command's own: they are gone when
# it ends, however it ends.
chroot_run() # SUITE FOLDER... -- COMMAND...
{
    local root folders=()
    root=$(chroot_dir "$1")
    [ -e "$root/.ready" ] ||
        die "the chroot $root is missing: run tools/setup all as root"
    shift
    while [ "$1" != -- ]; do
        folders+=("$1")
        shift
    done
    shift
    mapfile -t folders < <(_chroot_folders "$QPP_TOP/" "$PWD/" \
        "${folders[@]/%//}" "$@")
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount -- bash -c '
        set -e
        root=$1 n=$2 pwd=$PWD
        shift 2
        for dir in /dev /proc "${@:1:n}"; do
            mkdir -p "$root$dir"
            mount --rbind "$dir" "$root$dir"
        done
        shift "$n"
        exec chroot "$root" /bin/sh -c '\''cd "$0" && exec "$@"'\'' \
            "$pwd" "$@"' bash "$root" "${#folders[@]}" "${folders[@]}" "$@"
}
