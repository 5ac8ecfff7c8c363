# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
cloud_version() {
  set --
  for file in usr/lib/python3*/*-packages/cloudinit/version.py usr/local/lib/python3*/site-packages/cloudinit/version.py usr/lib/python3*/*-packages/cloudinit/meson_versions.py usr/local/lib/python3*/site-packages/cloudinit/meson_versions.py; do
    [ -f "$file" ] && set -- "$@" "$file"
  done
  [ $# -gt 0 ] || return 125
  sed -nE 's/^(__VERSION__|_PACKAGED_VERSION|UPSTREAM_VERSION) *= *("[^"]*"|.[^"]*).*/\2/p' "$@"
}
cloud_commands() {
  placed /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin -- \
    growpart sgdisk sfdisk resize2fs xfs_growfs btrfs ip blkid mkfs.ext4 mkfs.vfat useradd adduser usermod pw hostnamectl hostname eject dhcpcd dhclient udhcpc nc ssh-keygen netplan locale-gen localectl chpasswd lsblk mount udevadm
}
cloud_state() {
  for file in /etc/cloud/cloud-init.disabled /run/cloud-init/disabled /run/cloud-init/enabled /var/run/cloud-init/enabled; do [ -e ".$file" ] && echo "exists=$file"; done
  first_line /var/lib/cloud/data/instance-id
  printf 'instance-id=%s\n' "$LINE"
  first_line /var/lib/cloud/instance/datasource
  printf 'datasource=%s\n' "$LINE"
  for dir in /etc/cloud /usr/local/etc/cloud; do [ -d ".$dir" ] && echo "config=$dir"; done
  return 0
}
cloud_answers() {
  later cloud-init-status call 20 cloud-init status --format json
  later cloud-init-analyze call 20 cloud-init analyze dump
}
