#!/bin/sh
# Process 1 of a container without systemd: waits, and ends when LXC asks it to.
trap 'exit 0' PWR TERM INT
while :; do
    sleep 3600 &
    wait $!
done
