# ROOT WORK WORDS...: runs WORK/trial.sh with WORDS in a copy of ROOT that lies in memory, in namespaces that are ours alone.
mount --make-rprivate /
mount -t tmpfs -o mode=0755 trial /mnt
cp -a "$1/." /mnt
mkdir /mnt/trial
cp "$2"/* /mnt/trial
shift 2
mount -t proc proc /mnt/proc
mount --rbind /dev /mnt/dev
mount --rbind /sys /mnt/sys
exec chroot /mnt env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root sh -eu /trial/trial.sh "$@"
