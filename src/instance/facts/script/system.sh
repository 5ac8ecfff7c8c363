# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
systemd_links() { below_with links_by /etc/systemd/system /usr/lib/systemd/system /lib/systemd/system -- -type l | grep -- ' -> '; }
links_by() {
  if [ -n "$FIND" ]; then find "$@" -printf '%p -> %l\n'
  else find "$@" -exec sh -c 'for l; do printf "%s -> %s\n" "$l" "$(readlink "$l")"; done' sh {} +; fi
}
systemd_names() {
  for dir in /etc/systemd/system /usr/lib/systemd/system /lib/systemd/system; do real "$dir" && [ -d "$P" ] && ls "$P"; done
  return 0
}
mounts() { if [ -r /proc/self/mounts ]; then raw /proc/self/mounts; else mount -p; fi; }
swaps() { if [ -r /proc/swaps ]; then raw /proc/swaps; else call 5 swapinfo -k; fi; }
listeners() {
  if tool ss; then echo tool=ss; limited 10 "$TOOL" -ltunp
  elif tool sockstat; then echo tool=sockstat; limited 10 "$TOOL" -l46
  elif command -v netstat >/dev/null; then echo tool=netstat; limited 10 netstat -ltunp 2>/dev/null || netstat -ltun
  else return 127; fi
}
addresses() { if tool ip; then "$TOOL" -o addr show; elif command -v ip >/dev/null; then ip -o addr show; else call 5 ifconfig -a; fi; }
routes() {
  tool ip || { TOOL=ip && command -v ip >/dev/null; } || { call 5 netstat -rn; return; }
  "$TOOL" route show || return
  order 'p6 '
  "$TOOL" -6 route show || :
}
firewall_rules() {
  if tool nft; then limited 5 "$TOOL" list ruleset
  elif tool iptables; then limited 5 "$TOOL" -S
  elif tool pfctl; then limited 5 "$TOOL" -s info
  else absent; fi
}
locales() {
  if live; then call 10 locale -a; return; fi
  real /usr/lib/locale
  [ -d "$P" ] || return 0
  for dir in "$P"/*/; do
    dir=${dir%/}
    [ -d "$dir" ] && printf '%s\n' "${dir##*/}"
  done
  [ ! -f "$P/locale-archive" ] || limited 10 localedef --list-archive "$P/locale-archive"
}
sysctls() {
  for key in kernel/kptr_restrict kernel/dmesg_restrict kernel/randomize_va_space kernel/panic fs/protected_symlinks fs/protected_hardlinks net/ipv4/ip_forward \
    net/ipv4/tcp_syncookies net/ipv4/icmp_echo_ignore_broadcasts net/ipv4/icmp_ignore_bogus_error_responses net/ipv4/conf/all/rp_filter net/ipv4/conf/all/log_martians \
    net/ipv4/conf/all/accept_redirects net/ipv4/conf/all/accept_source_route net/ipv4/conf/all/secure_redirects net/ipv4/conf/all/send_redirects net/ipv4/conf/default/rp_filter \
    net/ipv4/conf/default/accept_redirects net/ipv4/conf/default/send_redirects net/ipv6/conf/all/disable_ipv6 net/ipv6/conf/default/disable_ipv6; do
    # not by `read`: one that asks byte by byte sees the end of these files after the first digit
    [ -r "/proc/sys/$key" ] && order "1$key=$TAB/proc/sys/$key"
  done
  return 0
}
mandatory_access() {
  if live; then
    if [ -e /sys/fs/selinux/enforce ]; then order "1selinux=$TAB/sys/fs/selinux/enforce"; fi
    if [ -e /sys/module/apparmor/parameters/enabled ]; then order "1apparmor=$TAB/sys/module/apparmor/parameters/enabled"; fi
  fi
  lines_of /etc/selinux/config
}

# Network profiles may hold secrets: only the lines that say how an address is got.
profiles_of() { existing print_safe "$@"; }
print_safe() { contents s "$@"; }
