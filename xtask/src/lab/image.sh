#!/bin/sh
# Makes a lab of the root that mmdebstrap has just made; its path is the first argument.
set -eu
root=$1

echo lab > "$root/etc/hostname"
printf '127.0.0.1 localhost lab\n::1 localhost ip6-localhost ip6-loopback\n' > "$root/etc/hosts"
printf 'LABEL=phoenix-lab / ext4 noatime 0 0\nLABEL=phoenix-lxc /var/lib/lxc ext4 noatime 0 0\n' \
    > "$root/etc/fstab"
mkdir -p "$root/etc/systemd/network"
printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n' > "$root/etc/systemd/network/10-lab.network"
chroot "$root" systemctl --quiet enable systemd-networkd
rm -f "$root/etc/resolv.conf"
echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"

# The bridge lxcbr0 with DHCP, and what root may map.
echo 'USE_LXC_BRIDGE="true"' > "$root/etc/default/lxc-net"
for file in subuid subgid; do
    grep -qx 'root:100000:65536' "$root/etc/$file" || echo 'root:100000:65536' >> "$root/etc/$file"
done

# Only root, only with the key that QEMU was given on the kernel's command line, never with a password.
cat > "$root/usr/local/sbin/lab-key" <<'EOF'
#!/bin/sh
exec sed -n 's/.*phoenix\.lab_key=\([^ ]*\).*/ssh-ed25519 \1/p' /proc/cmdline
EOF
chmod 755 "$root/usr/local/sbin/lab-key"
cat > "$root/etc/ssh/sshd_config.d/lab.conf" <<'EOF'
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile none
AuthorizedKeysCommand /usr/local/sbin/lab-key
AuthorizedKeysCommandUser nobody
UseDNS no
PrintMotd no
EOF

# What a machine that lives for an hour does not need, and an emulated processor feels.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-pstore.service \
    getty@tty1.service serial-getty@ttyS0.service

# Tools that we bring while the lab runs.
for tool in phoenix-lab xtask; do
    ln -s "/opt/phoenix/$tool" "$root/usr/local/bin/$tool"
done
