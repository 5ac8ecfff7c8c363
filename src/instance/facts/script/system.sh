# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
systemd_links() { below /etc/systemd/system /usr/lib/systemd/system /lib/systemd/system -- -type l -exec sh -c 'for l; do printf "%s -> %s\n" "$l" "$(readlink "$l")"; done' sh {} + | grep -- ' -> '; }
systemd_names() {
  for dir in /etc/systemd/system /usr/lib/systemd/system /lib/systemd/system; do real "$dir" && [ -d "$P" ] && ls "$P"; done
  return 0
}
mounts() { if [ -r /proc/self/mounts ]; then cat /proc/self/mounts; else mount -p; fi; }
swaps() { if [ -r /proc/swaps ]; then cat /proc/swaps; else call 5 swapinfo -k; fi; }
listeners() {
  if program=$(tool ss); then echo tool=ss; limited 10 "$program" -ltunp
  elif program=$(tool sockstat); then echo tool=sockstat; limited 10 "$program" -l46
  elif command -v netstat >/dev/null; then echo tool=netstat; limited 10 netstat -ltunp 2>/dev/null || netstat -ltun
  else return 127; fi
}
addresses() { if program=$(tool ip); then "$program" -o addr show; elif command -v ip >/dev/null; then ip -o addr show; else call 5 ifconfig -a; fi; }
routes() {
  if ! program=$(tool ip); then program=$(command -v ip) || { call 5 netstat -rn; return; }; fi
  "$program" route show && "$program" -6 route show | sed 's/^/6 /'
}
firewall_rules() {
  if program=$(tool nft); then limited 5 "$program" list ruleset
  elif program=$(tool iptables); then limited 5 "$program" -S
  elif program=$(tool pfctl); then limited 5 "$program" -s info
  else absent; fi
}
locales() {
  if live; then call 10 locale -a; return; fi
  real /usr/lib/locale
  [ -d "$P" ] || return 0
  for dir in "$P"/*/; do [ -d "$dir" ] && basename "$dir"; done
  [ ! -f "$P/locale-archive" ] || limited 10 localedef --list-archive "$P/locale-archive"
}
sysctls() {
  for key in kernel/kptr_restrict kernel/dmesg_restrict kernel/randomize_va_space kernel/panic fs/protected_symlinks fs/protected_hardlinks net/ipv4/ip_forward \
    net/ipv4/tcp_syncookies net/ipv4/icmp_echo_ignore_broadcasts net/ipv4/icmp_ignore_bogus_error_responses net/ipv4/conf/all/rp_filter net/ipv4/conf/all/log_martians \
    net/ipv4/conf/all/accept_redirects net/ipv4/conf/all/accept_source_route net/ipv4/conf/all/secure_redirects net/ipv4/conf/all/send_redirects net/ipv4/conf/default/rp_filter \
    net/ipv4/conf/default/accept_redirects net/ipv4/conf/default/send_redirects net/ipv6/conf/all/disable_ipv6 net/ipv6/conf/default/disable_ipv6; do
    [ -r "/proc/sys/$key" ] || continue
    value=
    # A shell that reads byte by byte sees the end of these files too early; what it read is right.
    read -r value <"/proc/sys/$key"
    [ -z "$value" ] || echo "$key=$value"
  done
  return 0
}
mandatory_access() {
  if live; then
    if [ -e /sys/fs/selinux/enforce ]; then echo "selinux=$(cat /sys/fs/selinux/enforce)"; fi
    if [ -e /sys/module/apparmor/parameters/enabled ]; then echo "apparmor=$(cat /sys/module/apparmor/parameters/enabled)"; fi
  fi
  lines_of /etc/selinux/config
}

# Network profiles may hold secrets: only the lines that say how an address is got.
print_safe() { regular awk_safe "$@"; }
awk_safe() { awk 'tolower($0) ~ /^(method|address|mac-address|type|interface-name)[0-9]*[[:space:]]*=/ { print FILENAME ":" FNR ":" $0 }' "$@"; }
