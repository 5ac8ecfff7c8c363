# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
# One walk over the file system; sorted out by mode and name where the facts are read.
walk() {
  real /etc/passwd
  [ -f "$P" ] || return 66
  set -- "$P"
  real /etc/group
  [ -f "$P" ] || return 66
  owners=$(awk 'function list(file, test,   line, part) {
      while ((getline line < file) > 0) { split(line, part, ":"); if (part[3] ~ /^[0-9]+$/) printf " ! -%s %s", test, part[3] }
      print ""
    }
    BEGIN { list(ARGV[1], "user"); list(ARGV[2], "group") }' "$1" "$P") || return
  # shellcheck disable=SC2086 # words on purpose
  found_by . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run/harness-facts.\* \) -prune -o \
    \( \( ! -type l \( -perm -4000 -o -perm -2000 -o \( -perm -0002 \( ! -type d -o ! -perm -1000 \) \) \) \) -o \( ${owners%%"$NL"*} \) -o \( ${owners#*"$NL"} \) -o \
    -name '.*history' -o -name .history -o -name .lesshst -o -name .viminfo -o -name 'authorized_keys*' \)
}
authorized_keys() {
  existing print_keys /root/.ssh/authorized_keys* /home/*/.ssh/authorized_keys* /usr/home/*/.ssh/authorized_keys* /etc/ssh/authorized_keys* /etc/dropbear/authorized_keys
}
print_keys() { contents k "$@"; }
roots_of() {
  for name; do real "$name" && [ -d "$P" ] && echo "$P"; done
  return 0
}
# Files of at most 1 MiB with a pattern: `grep -r` of BusyBox waits at a named pipe for ever, and reads what is large to its end.
with_pattern() {
  pattern=$1
  shift
  # shellcheck disable=SC2046 # directories without blanks
  set -- $(roots_of "$@")
  [ $# -gt 0 ] || return 0
  find "$@" -type f ! -size +2048 -exec grep -lE "$pattern" {} + 2>/dev/null
}
# The pattern is split so that this script does not find itself.
private_keys() {
  with_pattern 'BEGIN (RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE'' KEY' /etc /root /home /opt /var | while read -r file; do
    owner=
    real /var/lib/dpkg/info
    [ -d "$P" ] && owner=$(grep -lxF "${file#.}" "$P"/*.list 2>/dev/null)
    owner=${owner%%"$NL"*}
    owner=${owner##*/}
    printf '%s\t' "${owner%.list}"
    stat_all "$file" || echo
  done
}
credentials() {
  for home in /root '/home/*'; do
    stats "$home/.aws/credentials" "$home/.azure/*" "$home/.config/gcloud/*" "$home/.kube/config" "$home/.netrc" "$home/.docker/config.json" "$home/.git-credentials" "$home/.npmrc" "$home/.pypirc"
  done
  stats '/var/lib/waagent/*' /etc/boto.cfg
  with_pattern 'A''KIA[0-9A-Z]{16}' /etc /root /home /opt | while read -r file; do stat_all "$file"; done
}
leftovers() {
  case $1 in
    logs) below /var/log -- -type f -size +0 ;;
    tmp) below /tmp /var/tmp -- ! -path ./tmp ! -path ./var/tmp ;;
    runtime) below /run /proc /sys /dev -- ! -path ./run ! -path ./proc ! -path ./sys ! -path ./dev ! -path ./run/lock ;;
    cache) below /var/lib/apt/lists /var/cache/apt /var/cache/dnf /var/cache/yum /var/cache/zypp /var/cache/apk /var/db/pkg /var/cache/debconf -- -type f ! -name lock \( -size +0 -o -name '*.deb' \) ! -path './var/db/pkg/local.sqlite*' ! -path './var/cache/debconf/*.dat*' ;;
    cloud) below /var/lib/cloud /run/cloud-init /var/run/cloud-init -- ! -path ./var/lib/cloud ! -path './var/lib/cloud/seed*' ! -path ./run/cloud-init ;;
    seeds) stated left-seeds /var/lib/systemd/random-seed /var/lib/random-seed /var/lib/seedrng '/var/db/entropy/*' /entropy /boot/entropy /var/lib/urandom/random-seed ;;
    leases) below /var/lib/dhcp /var/lib/dhclient /var/lib/dhcpcd /var/lib/NetworkManager /var/lib/wicked /run/systemd/netif/leases -- -type f -size +0 && stats '/var/db/dhc*' '/etc/dhcp*duid' /etc/dhcpcd.duid ;;
    build) stated left-build '/usr/bin/qemu-*-static' /usr/sbin/policy-rc.d /.dockerenv /run/.containerenv '/root/anaconda-ks.cfg' '/root/original-ks.cfg' '/root/*.cfg' '/etc/apt/apt.conf.d/*proxy*' /etc/apt/sources.list.d/localdebs.list /etc/apt/trusted.gpg~ '/var/lib/dpkg/*-old' '/etc/*-' '/root/install.*log*' /etc/resolv.conf.bak ;;
  esac
}
boot_files() { stated boot-files '/boot/*' '/boot/grub*/grub.cfg' '/boot/loader/entries/*' '/boot/efi/EFI/BOOT/*' '/boot/efi/EFI/*/shim*' /boot/extlinux.conf /boot/kernel/kernel '/efi/EFI/*/*'; }
dangling() {
  for entry in ./* ./.[!.]*; do
    if [ -L "$entry" ]; then
      real "${entry#.}"
      [ -e "$P" ] || links "$entry"
    fi
  done
  return 0
}
