# shellcheck shell=bash
#
# Fetches packages of any Debian release and architecture without touching
# the machine's own apt: each (release, architecture) has package lists of
# its own in the cache.  apt checks the archive's signatures and the
# packages' checksums; dpkg-deb unpacks; nothing is installed and none of
# the packages' scripts run.  To be sourced after common.sh.
#
# What is in the cache is used as it is, without asking the network, so that
# tests see the same kernel until somebody removes the cache.
#
# SPDX-License-Identifier: GPL-2.0-or-later

# Arguments of apt for one release and architecture, in the array APT.
_archive_apt() # SUITE DEBARCH
{
    local dir=$QPP_CACHE/apt/$1-$2

    APT=(-q
        -o "Dir::State=$dir" -o "Dir::State::Lists=$dir/lists"
        -o "Dir::State::status=$dir/status" -o "Dir::Cache=$dir/cache"
        -o "Dir::Etc::SourceList=$dir/sources.list"
        -o "Dir::Etc::SourceParts=/dev/null"
        -o "Dir::Etc::Preferences=/dev/null"
        -o "Dir::Etc::PreferencesParts=/dev/null"
        -o "APT::Architecture=$2" -o "APT::Architectures=$2"
        -o "APT::Sandbox::User=root" -o "Acquire::Languages=none"
        -o "Acquire::Retries=5")
}

# Fetches the package lists; with the lock held.
_archive_update() # SUITE DEBARCH
{
    local dir=$QPP_CACHE/apt/$1-$2 site
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg

    site=$(debian_site)
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
    : >"$dir/status"
    echo "deb [signed-by=$keys] $site $1 main" >"$dir/sources.list"
    _archive_apt "$1" "$2"
    # Error-Mode=any: otherwise a failed download is a mere warning.
    apt-get "${APT[@]}" -o APT::Update::Error-Mode=any update \
        >"$dir/update.log" 2>&1 ||
        die "no package lists of Debian $1 ($2) from $site:" \
            "see $dir/update.log; is the network up, and" \
            "debian-archive-keyring up to date (tools/setup)?"
    touch "$dir/updated"
}

# PACKAGE's dependencies within a kernel: the meta package names the real
# image, and newer ones are split into binary and modules.
_archive_kernel_deps() # PACKAGE; APT is set
{
    apt-cache "${APT[@]}" show --no-all-versions "$1" |
        sed -n 's/^Depends: //p' | tr ',' '\n' |
        sed -nE 's/^ *(linux-(image|binary|modules|base)-[0-9][^ |]+).*/\1/p'
}

# Downloads PACKAGE and what it needs of a kernel, and unpacks all to DEST.
_archive_unpack() # PACKAGE DEST; APT is set
{
    local queue=("$1") package i=0 deb dep

    while [ "$i" -lt "${#queue[@]}" ]; do
        package=${queue[i]}
        i=$((i + 1))
        (cd "$2" && apt-get "${APT[@]}" download "$package") \
            >"$2/download.log" 2>&1 || return 1
        case $package in
        linux-*)
            for dep in $(_archive_kernel_deps "$package"); do
                queue+=("$dep")
            done
            ;;
        esac
    done
    for deb in "$2"/*.deb; do
        dpkg-deb -x "$deb" "$2" || return 1
        basename "$deb" >>"$2/packages"
        rm "$deb"
    done
    rm "$2/download.log"
}

# Prints the folder in the cache where PACKAGE of a release lies unpacked;
# fetches it first if need be.  The file `packages` in it names what it is.
archive_get() # SUITE DEBARCH PACKAGE
{
    local root=$QPP_CACHE/unpacked/$1-$2
    local dest=$root/$3 tmp lock

    if [ -d "$dest" ]; then
        echo "$dest"
        return
    fi
    mkdir -p "$root" "$QPP_CACHE/lock" ||
        die "cannot write the cache $QPP_CACHE: set QPP_CACHE"
    # One at a time for each release: a second build waits, then finds it.
    exec {lock}>"$QPP_CACHE/lock/$1-$2"
    flock "$lock"
    if [ ! -d "$dest" ]; then
        note "fetching $3 of Debian $1 ($2)"
        # Only a whole package gets its final name; what an interrupted
        # run has left is of no use.
        rm -rf "$root/.part"*
        tmp=$(mktemp -d "$root/.part.XXXXXX")
        chmod 755 "$tmp"
        [ -e "$QPP_CACHE/apt/$1-$2/updated" ] || _archive_update "$1" "$2"
        _archive_apt "$1" "$2"
        if ! _archive_unpack "$3" "$tmp"; then
            # The lists may be older than the archive: once more.
            _archive_update "$1" "$2"
            rm -rf "${tmp:?}"/*
            _archive_unpack "$3" "$tmp" || {
                tail -n 3 "$tmp/download.log" >&2 || true
                die "cannot get package '$3' of Debian $1 ($2)"
            }
        fi
        mv "$tmp" "$dest"
    fi
    exec {lock}>&-
    echo "$dest"
}
