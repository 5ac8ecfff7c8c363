# shellcheck shell=sh disable=SC2086,SC2016,SC2034 # part of one script; see frames.sh
# Password fields are reduced to their class; hashes never leave the machine.
shadow_classes() {
  for name in /etc/shadow /etc/master.passwd; do
    real "$name"
    [ -f "$P" ] || continue
    awk -F: '/^#/ || NF < 2 { next } { c = $2; class = c == "" ? "empty" : c ~ /^!/ ? "locked" : c ~ /^\*/ ? "star" : "usable"; print $1 ":" class }' "$P"
    return
  done
  return 1
}
init_of() {
  if live && [ -d /run/systemd/system ]; then echo init=systemd; return; fi
  real /sbin/init
  case $P in
    */systemd) echo init=systemd ;;
    *) if [ -e ./sbin/openrc ] || [ -e ./usr/sbin/openrc ] || [ -e ./usr/bin/openrc ]; then echo init=openrc
      elif [ -e ./etc/rc.subr ]; then echo init=rc
      elif [ -e ./etc/inittab ] || [ -d ./etc/init.d ]; then echo init=sysvinit
      else echo init=unknown; fi ;;
  esac
}
virtualization() {
  if found=$(call 5 systemd-detect-virt 2>/dev/null) || [ "$found" = none ]; then echo "$found"
  elif [ -r /proc/1/environ ] && found=$(tr '\0' '\n' </proc/1/environ | sed -n 's/^container=//p') && [ -n "$found" ]; then echo "$found"
  elif [ -d /dev/lxd ] || [ -e /.dockerenv ]; then echo container
  elif grep -q '^flags.*hypervisor' /proc/cpuinfo 2>/dev/null; then echo vm
  elif [ "$(sysctl -n security.jail.jailed 2>/dev/null)" = 1 ]; then echo jail
  else echo none; fi
}
system() {
  init_of
  for link in bin sbin lib; do [ -L "./$link" ] && echo "merged=$link"; done
  live || return 0
  echo "virtualization=$(virtualization)"
  # node, kernel and machine, in this order whatever the order they are asked for in
  # shellcheck disable=SC2046 # words on purpose
  set -- $(uname -nrm)
  echo "kernel=$2"
  echo "machine=$3"
  echo "longbit=$(getconf LONG_BIT 2>/dev/null)"
  if [ -r /proc/sys/kernel/random/boot_id ]; then order "1bootid=$TAB/proc/sys/kernel/random/boot_id"; else echo "bootid=$(sysctl -n kern.boottime)"; fi
  if [ -r /proc/uptime ]; then order "1uptime=$TAB/proc/uptime"; else echo uptime=; fi
  echo "hostname=$1"
  echo "zone=$(date +%Z)"
}
machine_id() {
  for name in /etc/machine-id /etc/hostid; do
    if [ -e ".$name" ]; then
      first_line "$name"
      printf '%s=%s\n' "$name" "$LINE"
    fi
  done
  if [ -L ./var/lib/dbus/machine-id ]; then echo dbus=link; elif [ -e ./var/lib/dbus/machine-id ]; then echo dbus=file; else echo dbus=absent; fi
}
sudo_check() {
  if tool visudo; then limited 10 "$TOOL" -c 2>&1; elif tool doas; then limited 10 "$TOOL" -C /etc/doas.conf 2>&1; else absent; fi
}
# placed DIR... -- NAME...: the first of the directories that holds each of them.
placed() {
  places=
  while [ "$1" != -- ]; do
    real "$1"
    case $P in *"$NL"* | *"$TAB"*) ;; *) places=$places$1$TAB$P$NL ;; esac
    shift
  done
  shift
  for name; do
    left=$places
    while [ -n "$left" ]; do
      place=${left%%"$NL"*}
      left=${left#*"$NL"}
      if [ -e "${place#*"$TAB"}/$name" ] || [ -L "${place#*"$TAB"}/$name" ]; then
        echo "$name=${place%%"$TAB"*}/$name"
        break
      fi
    done
  done
  return 0
}
programs() {
  placed /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin /usr/lib/systemd /lib/systemd /usr/lib/sysstat -- \
    sudo doas sshd dropbear chronyd ntpd openntpd systemd-timesyncd
}
# sshd refuses to print its configuration without its run directory, which a socket-activated server may not have yet.
sshd_run() {
  tool sshd || return 127
  limited 10 "$TOOL" "$@"
}
sshd_test() { sshd_run -t 2>&1; }
sshd_config() { sshd_run -T -C user=root,host=localhost,addr=192.0.2.1; }
sshd_answers() {
  made=
  if [ ! -d /run/sshd ] && [ -d /run ] && tool sshd; then mkdir -m 755 /run/sshd 2>/dev/null && made=1; fi
  show sshd-test sshd_test
  show sshd-config sshd_config
  [ -z "$made" ] || rmdir /run/sshd
}
fingerprints() {
  for key in /etc/ssh/ssh_host_*_key.pub /usr/local/etc/ssh/ssh_host_*_key.pub; do
    if [ -f "$key" ]; then
      printf '%s ' "$key"
      call 5 ssh-keygen -lf "$key" || echo
    fi
  done
  return 0
}
