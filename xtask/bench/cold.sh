#!/bin/sh
# The floor of a first install: apt's lists, the packages, and the storage driver before Docker first starts, so that it starts only
# once. It checks nothing before and proves nothing after. One `lxc-attach` a container.
#
#     cold.sh CONTAINER...
set -eu
for container; do
    lxc-attach --name "$container" --clear-env --set-var DEBIAN_FRONTEND=noninteractive -- /bin/sh -euc '
        mkdir -p /etc/docker
        echo "{\"storage-driver\": \"fuse-overlayfs\", \"features\": {\"containerd-snapshotter\": false}}" > /etc/docker/daemon.json
        apt-get --quiet update
        apt-get --quiet install --yes --no-install-recommends docker.io iptables fuse-overlayfs
        systemctl is-active docker.service'
done
