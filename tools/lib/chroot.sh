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

# Where files of this machine that the words of a command line mean can be
# seen from: files named by themselves or in options ("file=...",
# "path,opt=...").  That is the whole top folder (/home, /tmp ...), since a
# plugin needs libraries beside its own folder; of those that every system
# has, the next one down.
_chroot_folders() # WORD...
{
    local word part path deep IFS=',='
    for word; do
        for part in $word; do
            case $part in
            */*) ;;
            *) continue ;;
            esac
            path=$(realpath -m -- "$part")
            case $path in
            /opt/?* | /usr/local/?* | /usr/src/?* | /var/?*)
                deep=2 ;;
            / | /bin* | /boot* | /dev* | /etc* | /lib* | /opt | /proc* | /run* | \
                /sbin* | /sys* | /usr* | /var)
                continue ;;
            *)
                deep=1 ;;
            esac
            path=$(cut -d / -f "1-$((deep + 1))" <<<"$path")
            if [ -n "$path" ] && [ -d "$path" ]; then
                echo "$path"
            fi
        done
    done | sort -u
}

# Runs COMMAND in the chroot, in the same folder, with the project, FOLDER...
# and what the command's words name mounted at their own paths.
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
    mapfile -t folders < <(_chroot_folders /tmp/ "$QPP_TOP/" "$PWD/" \
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
