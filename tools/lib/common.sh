# shellcheck shell=bash
#
# What the commands in tools/ share: messages, the cache's place, the Debian
# mirror that this machine uses.  To be sourced; does nothing by itself.
# Fetching packages is in archive.sh.
#
# SPDX-License-Identifier: GPL-2.0-or-later

QPP_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Downloads and chroots live outside the tree, so that a fresh clone, or
# `git clean`, does not fetch them again.
QPP_CACHE=${QPP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/qpp}
QPP_QUIET=${QPP_QUIET:-}
# shellcheck disable=SC2034 # for those who source this
readonly QPP_TOP QPP_CACHE
# Where an ordinary user does not look: depmod, chroot.
PATH=$PATH:/usr/sbin:/sbin

# One line, with the command's name in front; says what to do.
die()
{
    echo "${0##*/}: $*" >&2
    exit 1
}

note()
{
    if [ -z "$QPP_QUIET" ]; then
        echo "${0##*/}: $*" >&2
    fi
}

need_command() # COMMAND...
{
    local name
    for name; do
        command -v "$name" >/dev/null ||
            die "'$name' is missing: run tools/setup as root"
    done
}

# The package architecture of a guest architecture, as Debian calls it.
deb_arch() # ARCH
{
    case $1 in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) die "unknown guest architecture '$1': x86_64 or aarch64" ;;
    esac
}

# The mirror of the Debian archive that this machine was set up with, so
# that no host's name stands in this project.  Other archives may use
# Debian's release names too ("bookworm main"), hence the order: what calls
# itself Debian, then what offers the updates of the release as well, then
# what there is.
debian_site()
{
    local all site release component origin best='' rank=0 r

    # shellcheck disable=SC2016 # for apt to expand
    all=$(apt-get indextargets \
        --format '$(SITE) $(RELEASE) $(COMPONENT) $(ORIGIN)' \
        'Created-By: Packages') ||
        die "cannot read this machine's apt sources: is this Debian?"
    while read -r site release component origin; do
        case $site in
        http*) ;;
        *) continue ;; # cdrom:, file: hold no other releases
        esac
        case $release in
        bookworm | stable | oldstable) ;;
        *) continue ;;
        esac
        [ "$component" = main ] || continue
        r=1
        if grep -qF "$site $release-updates " <<<"$all"; then
            r=2
        fi
        if [ "$origin" = Debian ]; then
            r=3
        fi
        if [ "$r" -gt "$rank" ]; then
            rank=$r
            best=$site
        fi
    done <<<"$all"
    [ -n "$best" ] || die "no http source of Debian's 'bookworm main'" \
        "found: add one to /etc/apt/sources.list"
    echo "${best%/}"
}
