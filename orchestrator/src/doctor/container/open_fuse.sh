# Opens the device and closes it again: nothing is mounted.
exec 3<>/dev/fuse
