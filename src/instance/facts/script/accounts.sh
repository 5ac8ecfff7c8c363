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
  if live && [ -d /run/systemd/system ]; then echo systemd; return; fi
  real /sbin/init
  case $P in
    */systemd) echo systemd ;;
    *) if [ -e ./sbin/openrc ] || [ -e ./usr/sbin/openrc ] || [ -e ./usr/bin/openrc ]; then echo openrc
      elif [ -e ./etc/rc.subr ]; then echo rc
      elif [ -e ./etc/inittab ] || [ -d ./etc/init.d ]; then echo sysvinit
      else echo unknown; fi ;;
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
  echo "init=$(init_of)"
  for link in bin sbin lib; do [ -L "./$link" ] && echo "merged=$link"; done
  live || return 0
  echo "virtualization=$(virtualization)"
  echo "kernel=$(uname -r)"
  echo "machine=$(uname -m)"
  echo "longbit=$(getconf LONG_BIT 2>/dev/null)"
  echo "bootid=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime)"
  echo "uptime=$(cat /proc/uptime 2>/dev/null)"
  echo "hostname=$(hostname 2>/dev/null || uname -n)"
  echo "zone=$(date +%Z)"
}
machine_id() {
  for name in /etc/machine-id /etc/hostid; do
    [ -e ".$name" ] && echo "$name=$(first_line "$name")"
  done
  if [ -L ./var/lib/dbus/machine-id ]; then echo dbus=link; elif [ -e ./var/lib/dbus/machine-id ]; then echo dbus=file; else echo dbus=absent; fi
}
sudo_check() {
  if program=$(tool visudo); then limited 10 "$program" -c 2>&1; elif program=$(tool doas); then limited 10 "$program" -C /etc/doas.conf 2>&1; else absent; fi
}
programs() {
  for name in sudo doas sshd dropbear chronyd ntpd openntpd systemd-timesyncd; do
    for dir in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin /usr/lib/systemd /lib/systemd /usr/lib/sysstat; do
      real "$dir"
      if [ -e "$P/$name" ] || [ -L "$P/$name" ]; then echo "$name=$dir/$name"; break; fi
    done
  done
  return 0
}
# sshd refuses to print its configuration without its run directory, which a socket-activated server may not have yet.
sshd_run() {
  program=$(tool sshd) || return 127
  made=
  if [ ! -d /run/sshd ] && [ -d /run ]; then mkdir -m 755 /run/sshd && made=1; fi
  limited 10 "$program" "$@"
  result=$?
  [ -z "$made" ] || rmdir /run/sshd
  return "$result"
}
sshd_test() { sshd_run -t 2>&1; }
sshd_config() { sshd_run -T -C user=root,host=localhost,addr=192.0.2.1; }
fingerprints() {
  for key in /etc/ssh/ssh_host_*_key.pub /usr/local/etc/ssh/ssh_host_*_key.pub; do
    [ -f "$key" ] && printf '%s %s\n' "$key" "$(call 5 ssh-keygen -lf "$key")"
  done
  return 0
}
