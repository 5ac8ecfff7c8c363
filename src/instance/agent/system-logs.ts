import type { CollectEntry } from './agents.ts'

/** What is worth reading of any Linux instance, whatever its agent. A missing tool is an answer, not an error. */
export const SYSTEM_LOGS: readonly CollectEntry[] = [
  {
    file: 'journal.txt',
    title: 'journal of this boot',
    command: 'journalctl --no-pager -o short-monotonic -b 0',
    lane: 'journal',
  },
  {
    file: 'journal-previous.txt',
    title: 'journal of the previous boot',
    command: 'journalctl --no-pager -o short-monotonic -b -1',
    lane: 'journal',
    optional: true,
  },
  {
    file: 'journal-warnings.txt',
    title: 'warnings of this boot',
    command: 'journalctl --no-pager -o short-monotonic -b 0 -p warning',
    lane: 'journal',
  },
  { file: 'messages.txt', title: 'system log', path: '/var/log/messages', optional: true },
  { file: 'syslog.txt', title: 'system log', path: '/var/log/syslog', optional: true },
  { file: 'dmesg.txt', title: 'kernel messages', command: 'dmesg' },
  { file: 'systemd/time.txt', title: 'systemd-analyze time', command: 'systemd-analyze time', lane: 'systemd' },
  {
    file: 'systemd/blame.txt',
    title: 'systemd-analyze blame',
    command: 'systemd-analyze blame --no-pager',
    lane: 'systemd',
  },
  {
    file: 'systemd/critical-chain.txt',
    title: 'systemd-analyze critical-chain',
    command: 'systemd-analyze critical-chain --no-pager',
    lane: 'systemd',
  },
  {
    file: 'systemd/failed.txt',
    title: 'failed units',
    command: 'systemctl --failed --no-pager --plain',
    lane: 'systemd',
  },
  {
    file: 'systemd/units.txt',
    title: 'unit files',
    command: 'systemctl list-unit-files --no-pager --no-legend',
    lane: 'systemd',
  },
  { file: 'openrc.txt', title: 'services', command: 'rc-status --all', optional: true },
  {
    file: 'packages.txt',
    title: 'installed packages',
    command: [
      "dpkg-query -W -f '${Package} ${Version} ${Architecture}\\n' 2>/dev/null",
      "rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\\n' 2>/dev/null",
      'apk info -v 2>/dev/null',
      'pkg info 2>/dev/null',
    ].join(' || '),
  },
  {
    file: 'network.txt',
    title: 'network state',
    command: [
      'ip address show 2>/dev/null || ifconfig -a',
      'echo; ip route show table all 2>/dev/null || netstat -rn',
      'echo; ip rule show 2>/dev/null',
      'echo; echo "# /etc/resolv.conf"; cat /etc/resolv.conf',
      'for f in /etc/network/interfaces /etc/network/interfaces.d/* /etc/netplan/* /etc/systemd/network/* /run/systemd/network/*; do ' +
        '[ -f "$f" ] && echo && echo "# $f" && cat "$f"; done',
    ].join('; '),
  },
  { file: 'mounts.txt', title: 'mounts and disk space', command: 'df -h; df -i; cat /proc/mounts' },
  { file: 'processes.txt', title: 'processes', command: 'ps -ef 2>/dev/null || ps' },
  { file: 'os-release.txt', title: 'os-release', path: '/etc/os-release' },
]
