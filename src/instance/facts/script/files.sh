# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
# One walk over the file system; sorted out by mode and name where the facts are read.
walk() {
  real /etc/passwd
  [ -f "$P" ] || return 66
  users=$(awk -F: '$3 ~ /^[0-9]+$/ { printf " ! -user %s", $3 }' "$P")
  real /etc/group
  [ -f "$P" ] || return 66
  groups=$(awk -F: '$3 ~ /^[0-9]+$/ { printf " ! -group %s", $3 }' "$P")
  # shellcheck disable=SC2086 # words on purpose
  find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run/harness-facts.\* \) -prune -o \
    \( \( ! -type l \( -perm -4000 -o -perm -2000 -o \( -perm -0002 \( ! -type d -o ! -perm -1000 \) \) \) \) -o \( $users \) -o \( $groups \) -o \
    -name '.*history' -o -name .history -o -name .lesshst -o -name .viminfo -o -name 'authorized_keys*' \) -exec $STAT "$FORMAT" {} +
}
authorized_keys() {
  existing print_lines /root/.ssh/authorized_keys* /home/*/.ssh/authorized_keys* /usr/home/*/.ssh/authorized_keys* /etc/ssh/authorized_keys* /etc/dropbear/authorized_keys |
    awk '{ file = $0; sub(/:[0-9]+:.*/, "", file); text = substr($0, length(file) + 2); sub(/^[0-9]+:/, "", text)
      if (text ~ /^[ \t]*(#|$)/) next; print file, text ~ /^[^ ]*(command=|no-port-forwarding)/ ? "forced" : "key" }'
}
roots_of() {
  for name; do real "$name" && [ -d "$P" ] && echo "$P"; done
  return 0
}
# The pattern is split so that this script does not find itself.
private_keys() {
  # shellcheck disable=SC2046 # directories without blanks
  grep -rlE 'BEGIN (RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE'' KEY' $(roots_of /etc /root /home /opt /var) 2>/dev/null | while read -r file; do
    owner=
    real /var/lib/dpkg/info
    [ -d "$P" ] && owner=$(grep -lxF "${file#.}" "$P"/*.list 2>/dev/null | head -n 1)
    owner=${owner##*/}
    printf '%s\t%s\n' "${owner%.list}" "$(stat_all "$file")"
  done
}
credentials() {
  for home in /root '/home/*'; do
    stats "$home/.aws/credentials" "$home/.azure/*" "$home/.config/gcloud/*" "$home/.kube/config" "$home/.netrc" "$home/.docker/config.json" "$home/.git-credentials" "$home/.npmrc" "$home/.pypirc"
  done
  stats '/var/lib/waagent/*' /etc/boto.cfg
  # shellcheck disable=SC2046
  grep -rlE 'A''KIA[0-9A-Z]{16}' $(roots_of /etc /root /home /opt) 2>/dev/null | while read -r file; do stat_all "$file"; done
}
leftovers() {
  case $1 in
    logs) below /var/log -- -type f -size +0 ;;
    tmp) below /tmp /var/tmp -- ! -path ./tmp ! -path ./var/tmp ;;
    runtime) below /run /proc /sys /dev -- ! -path ./run ! -path ./proc ! -path ./sys ! -path ./dev ! -path ./run/lock ;;
    cache) below /var/lib/apt/lists /var/cache/apt /var/cache/dnf /var/cache/yum /var/cache/zypp /var/cache/apk /var/db/pkg /var/cache/debconf -- -type f ! -name lock \( -size +0 -o -name '*.deb' \) ! -path './var/db/pkg/local.sqlite*' ! -path './var/cache/debconf/*.dat*' ;;
    cloud) below /var/lib/cloud /run/cloud-init /var/run/cloud-init -- ! -path ./var/lib/cloud ! -path './var/lib/cloud/seed*' ! -path ./run/cloud-init ;;
    seeds) stats /var/lib/systemd/random-seed /var/lib/random-seed /var/lib/seedrng '/var/db/entropy/*' /entropy /boot/entropy /var/lib/urandom/random-seed ;;
    leases) below /var/lib/dhcp /var/lib/dhclient /var/lib/dhcpcd /var/lib/NetworkManager /var/lib/wicked /run/systemd/netif/leases -- -type f -size +0 && stats '/var/db/dhc*' '/etc/dhcp*duid' /etc/dhcpcd.duid ;;
    build) stats '/usr/bin/qemu-*-static' /usr/sbin/policy-rc.d /.dockerenv /run/.containerenv '/root/anaconda-ks.cfg' '/root/original-ks.cfg' '/root/*.cfg' '/etc/apt/apt.conf.d/*proxy*' /etc/apt/sources.list.d/localdebs.list /etc/apt/trusted.gpg~ '/var/lib/dpkg/*-old' '/etc/*-' '/root/install.*log*' /etc/resolv.conf.bak ;;
  esac
}
boot_files() { stats '/boot/*' '/boot/grub*/grub.cfg' '/boot/loader/entries/*' '/boot/efi/EFI/BOOT/*' '/boot/efi/EFI/*/shim*' /boot/extlinux.conf /boot/kernel/kernel '/efi/EFI/*/*'; }
dangling() {
  for entry in ./* ./.[!.]*; do
    if [ -L "$entry" ]; then
      real "${entry#.}"
      [ -e "$P" ] || printf '%s -> %s\n' "$entry" "$(readlink "$entry")"
    fi
  done
  return 0
}
