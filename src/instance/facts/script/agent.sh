# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
cloud_version() {
  found=125
  for file in usr/lib/python3*/*-packages/cloudinit/version.py usr/local/lib/python3*/site-packages/cloudinit/version.py usr/lib/python3*/*-packages/cloudinit/meson_versions.py usr/local/lib/python3*/site-packages/cloudinit/meson_versions.py; do
    [ -f "$file" ] && sed -nE 's/^(__VERSION__|_PACKAGED_VERSION|UPSTREAM_VERSION) *= *("[^"]*"|.[^"]*).*/\2/p' "$file" && found=0
  done
  return "$found"
}
cloud_commands() {
  for name in growpart sgdisk sfdisk resize2fs xfs_growfs btrfs ip blkid mkfs.ext4 mkfs.vfat useradd adduser usermod pw hostnamectl hostname eject dhcpcd dhclient udhcpc nc ssh-keygen netplan locale-gen localectl chpasswd lsblk mount udevadm; do
    for dir in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
      real "$dir"
      if [ -e "$P/$name" ] || [ -L "$P/$name" ]; then echo "$name=$dir/$name"; break; fi
    done
  done
  return 0
}
cloud_state() {
  for file in /etc/cloud/cloud-init.disabled /run/cloud-init/disabled /run/cloud-init/enabled /var/run/cloud-init/enabled; do [ -e ".$file" ] && echo "exists=$file"; done
  echo "instance-id=$(first_line /var/lib/cloud/data/instance-id)"
  echo "datasource=$(first_line /var/lib/cloud/instance/datasource)"
  for dir in /etc/cloud /usr/local/etc/cloud; do [ -d ".$dir" ] && echo "config=$dir"; done
  return 0
}
