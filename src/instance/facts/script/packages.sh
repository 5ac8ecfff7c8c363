# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
dpkg_status() {
  real /var/lib/dpkg/status
  [ -f "$P" ] || return 125
  set -- "$P"
  for file in ./var/lib/dpkg/status.d/*; do
    real "${file#.}" || continue
    if [ -f "$P" ] && [ -r "$P" ]; then set -- "$@" "$P"; fi
  done
  awk_status "$@"
}
awk_status() {
  awk -v OFS='\t' 'function flush() { if (n != "") print n, v, a, s, c, st; n = v = a = s = c = st = "" }
    /^$/ { flush() } /^Package: / { n = $2 } /^Version: / { v = $2 } /^Architecture: / { a = $2 } /^Source: / { s = $2 } /^Section: / { c = $2 }
    /^Status: / { st = substr($0, 9) } END { flush() }' "$@"
}
apk_installed() {
  for name in /usr/lib/apk/db/installed /lib/apk/db/installed; do
    real "$name"
    [ -f "$P" ] || continue
    awk -F: -v OFS='\t' '/^P:/ { n = $2 } /^V:/ { v = substr($0, 3) } /^A:/ { a = $2 } /^o:/ { s = $2 }
      /^$/ { if (n != "") print n, v, a, s, "", "install ok installed"; n = s = "" } END { if (n != "") print n, v, a, s, "", "install ok installed" }' "$P"
    return
  done
  return 125
}
rpm_packages() {
  real /var/lib/rpm
  [ -d "$P" ] || real /usr/lib/sysimage/rpm
  [ -d "$P" ] || return 125
  call 60 rpm ${ROOT:+--root "$ROOT"} -qa --qf '%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{GROUP}\tinstall ok installed\n'
}
pkg_packages() {
  real /var/db/pkg
  [ -d "$P" ] || return 125
  call 30 pkg ${ROOT:+-r "$ROOT"} query '%n\t%v\t%q\t%o\t\tinstall ok installed'
}
package_manager() {
  for pair in var/lib/dpkg/status=apt usr/lib/apk/db/installed=apk lib/apk/db/installed=apk usr/bin/zypper=zypper usr/bin/dnf=dnf usr/bin/yum=dnf usr/sbin/pkg=pkg; do
    manager=${pair#*=}
    [ -e "./${pair%=*}" ] && return
  done
  manager=unknown
}
show_manager() { package_manager; echo "$manager"; }
package_audit() {
  package_manager
  echo "command=$manager"
  live || return 125
  case $manager in
    apt) call 30 dpkg --audit 2>&1 ;;
    apk) call 30 apk fix -s 2>&1 | grep -v '^OK:' || true ;;
    dnf | zypper) call 120 rpm -Va --nofiles --nodigest 2>&1 ;;
    pkg) call 60 pkg check -dan 2>&1 ;;
    *) return 125 ;;
  esac
}
# Every packaged file against its recorded checksum, without the package manager of the image.
modified_files() {
  real /var/lib/dpkg/info
  [ -d "$P" ] || return 125
  command -v md5sum >/dev/null || return 127
  { cat "$P"/*.md5sums; awk '/^[^ ]/ { in_list = 0 } /^Conffiles:/ { in_list = 1; next }
      in_list && $2 ~ /^[0-9a-f]+$/ && length($2) == 32 && $3 == "" { print $2 "  " substr($1, 2) }' "${P%/info}/status"; } |
    limited 60 md5sum -c 2>/dev/null | awk '/: OK$/ { sub(/: OK$/, ""); good[$0] = 1; ok++; next } { bad[++count] = $0 }
      # a file that moved from one package to another is in the lists of both
      END { for (i = 1; i <= count; i++) { name = bad[i]; sub(/: FAILED.*/, "", name); if (!(name in good)) print bad[i] } print "checked " ok + 0 }'
}
apt_lists() {
  for list in /var/lib/apt/lists/*_Packages* /var/lib/apt/lists/*.lz4; do [ -e "$list" ] && return 0; done
  return 1
}
orphans() { apt_lists || return 125; call 20 apt list '?obsolete'; }
upgrades() { apt_lists || return 125; call 30 apt-get -s -o Debug::NoLocking=1 dist-upgrade; }
# One after the other: what the first has worked out of the lists, the second finds ready.
apt_answers() {
  later orphans orphans
  later upgrades upgrades
}
