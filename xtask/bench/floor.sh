#!/bin/sh
# The floor: what any tool that enters each container has to pay at the least. One `lxc-attach` a container, ten at once, with all
# probes in one shell; on the host, as few programs as possible. Says what differs and repairs nothing; exit code 1 then.
#
#     floor.sh HOST-FILES CONTAINER...       HOST-FILES: a folder with those that the host should have
set -u
host_files=$1
shift
differs=0

test -c /dev/fuse && test -w /dev/fuse || { echo "differs: /dev/fuse"; differs=1; }
for container; do
    configurations="${configurations-} /var/lib/lxc/$container/config"
done
# Prints those without the line.
# shellcheck disable=SC2086
lacking=$(grep -L '^lxc.mount.entry = /dev/fuse ' $configurations)
test -z "$lacking" || { echo "differs: $lacking"; differs=1; }
if test -n "$(ls "$host_files")"; then
    # Every file of the folder against the host's, in one process.
    diff -r --brief "$host_files" / | grep -v '^Only in /' && differs=1
fi

# shellcheck disable=SC2016
probes='
set -u
d=0
s=$(dpkg-query -W -f="\${db:Status-Status} " docker.io fuse-overlayfs 2>/dev/null)
test "$s" = "installed installed " || { echo "differs: packages"; d=1; }
grep -q "\"storage-driver\": *\"fuse-overlayfs\"" /etc/docker/daemon.json 2>/dev/null || { echo "differs: daemon.json"; d=1; }
s=$(systemctl show --value -p UnitFileState -p ActiveState docker.service | sort | tr "\n" " ")
test "$s" = "active enabled " || { echo "differs: docker.service: $s"; d=1; }
exit $d
'
printf '%s\n' "$@" | xargs -P 10 -I{} lxc-attach --name {} --clear-env -- /bin/sh -c "$probes" || differs=1
exit $differs
