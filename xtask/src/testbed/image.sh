#!/bin/sh
# Customises the root that mmdebstrap has just made; its path is the first argument, the packages that
# must be installable without a network are the others. They and their dependencies are downloaded
# into an apt repository inside, which becomes the only source.
set -eu
root=$1
shift

rm -f "$root"/var/cache/apt/archives/*.deb
chroot "$root" apt-get install --yes --download-only --no-install-recommends "$@"
repo=$root/var/lib/phoenix-testbed/repo
mkdir -p "$repo"
mv "$root"/var/cache/apt/archives/*.deb "$repo"
cd "$repo"

# Debian compresses with xz. Unpacking that would be a quarter of the time that a container needs to get its Docker, and more
# where the processor is emulated.
work=$(mktemp --directory)
for deb in *.deb; do
    dpkg-deb --raw-extract "$deb" "$work/tree"
    dpkg-deb -Zzstd -z1 --build "$work/tree" "$work/deb" > /dev/null
    mv "$work/deb" "$deb"
    rm -r "$work/tree"
done
rmdir "$work"

# Apt needs no more than these two files. They are written by hand because the tools that usually do
# it are packages that a fresh machine does not have.
for deb in *.deb; do
    dpkg-deb --field "$deb"
    echo "Filename: ./$deb"
    echo "Size: $(stat --format=%s "$deb")"
    echo "SHA256: $(sha256sum "$deb" | cut -d' ' -f1)"
    echo
done > Packages
{
    echo "Label: phoenix-testbed"
    echo "Date: $(date --utc --rfc-email)"
    echo "SHA256:"
    echo " $(sha256sum Packages | cut -d' ' -f1) $(stat --format=%s Packages) Packages"
} > Release
cd /

rm -f "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/apt.conf.d/99mmdebstrap
echo 'deb [trusted=yes] file:/var/lib/phoenix-testbed/repo ./' > "$root/etc/apt/sources.list"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin

# These came from the host.
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
: > "$root/etc/resolv.conf"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
