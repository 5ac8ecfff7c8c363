import type { Expectations, Facts } from '../../../src/testing/index.ts'

/** What is done to a good instance so that one check, and no other, must fail. Commands run as root. */
export interface Sabotage {
  break: string
  /** Brings everything back. Absent: what was done stays, so it comes last on its instance. */
  undo?: string
  /** Other checks that cannot but fail too, each with a reason in the command's nature. */
  also?: readonly string[]
  /** Done before the one reboot that the check looks at, so it needs an instance of its own. */
  beforeReboot?: boolean
  /** A budget nothing can meet, for checks whose evidence cannot be changed after the fact. */
  expected?: Expectations
  /** For checks that compare facts: what they would be, had the image been broken. */
  facts?: (seen: { facts: Facts; firstBoot: Facts }) => { facts: Facts; firstBoot: Facts }
  /** Sabotages that would change what this one does, each with the reason. */
  apart?: Readonly<Record<string, string>>
}

let saved = 0
/** Undone in reverse order, several of these may change one file. */
const edit = (path: string, command: string) => {
  const copy = `/var/lib/harness-saved-${saved++}`
  return { break: `cp -p ${path} ${copy} && ${command}`, undo: `cp -p ${copy} ${path}` }
}
const editStatus = (python: string) =>
  edit(
    '/run/cloud-init/status.json',
    `python3 -c '
import json
path = "/run/cloud-init/status.json"
data = json.load(open(path))
v1 = data["v1"]
${python}
json.dump(data, open(path, "w"))'`,
  )
const RELOAD = 'netplan writes its files again whenever units are reloaded'
const impossible = { value: 0.001, source: 'a budget nothing can meet' }

/** One entry per regression check. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'reg-boot-ssh': {
    break:
      'for home in /root /home/*; do [ -e $home/.ssh/authorized_keys ] && mv $home/.ssh/authorized_keys $home/.ssh/away; done; :',
    undo: 'for home in /root /home/*; do [ -e $home/.ssh/away ] && mv $home/.ssh/away $home/.ssh/authorized_keys; done; :',
  },
  'reg-ci-collect-logs': { break: 'mv /usr/bin/tar /usr/bin/tar.away', undo: 'mv /usr/bin/tar.away /usr/bin/tar' },
  'reg-ci-datasource': editStatus('v1["datasource"] = "DataSourceEc2 [crawled]"'),
  'reg-ci-dsidentify': edit(
    '/run/cloud-init/ds-identify.log',
    "sed -i 's/^Found/Missed/' /run/cloud-init/ds-identify.log",
  ),
  'reg-ci-no-deprecations': editStatus('v1["init"].setdefault("recoverable_errors", {})["DEPRECATED"] = ["a key"]'),
  'reg-ci-no-warnings': editStatus('v1["init"].setdefault("recoverable_errors", {})["WARNING"] = ["something odd"]'),
  'reg-ci-no-secrets': {
    break: 'chmod 644 /var/lib/cloud/instance/user-data.txt',
    undo: 'chmod 600 /var/lib/cloud/instance/user-data.txt',
  },
  'reg-ci-no-traceback': edit(
    '/var/log/cloud-init.log',
    String.raw`printf 'Traceback (most recent call last):\n  File "x.py", line 1, in main\nValueError: sabotage\n' >> /var/log/cloud-init.log`,
  ),
  'reg-disk-extra': {
    break: 'mkdir -p /run/kept && mount --bind /mnt/disk1 /run/kept && umount /mnt/disk1',
    undo: 'mount --bind /run/kept /mnt/disk1 && umount /run/kept',
  },
  'reg-nic-extra': {
    break: 'ip link set eth1 up && ip -4 route add default dev eth1 metric 4000',
    undo: 'ip -4 route del default dev eth1 metric 4000; ip link set eth1 down',
  },
  'reg-ci-result': {
    break: 'mv /var/lib/cloud/instance/boot-finished /run/boot-finished.saved',
    undo: 'mv /run/boot-finished.saved /var/lib/cloud/instance/boot-finished',
  },
  'reg-ci-schema': {
    break:
      'for f in user-data.txt cloud-config.txt; do p=/var/lib/cloud/instance/$f; cp -p $p /run/$f.saved; printf "#cloud-config\\nharness_unknown_key: 1\\n" > $p; done',
    undo: 'for f in user-data.txt cloud-config.txt; do cp -p /run/$f.saved /var/lib/cloud/instance/$f; done',
  },
  'reg-ci-stage-budget': edit(
    '/var/log/cloud-init.log',
    `sed -i '/finish: modules-final: /s/^[0-9]* *[-0-9A-Za-z]* *[0-9:,.]*/2099-01-01 00:00:00,000/' /var/log/cloud-init.log`,
  ),
  'reg-ci-status-first': editStatus('v1["modules-config"]["errors"] = ["a module failed"]'),
  'reg-ci-units': {
    // A unit of cloud-init that is there and was never started.
    break:
      'for u in cloud-init cloud-init-main; do systemctl cat $u.service >/dev/null 2>&1 && continue; printf "[Service]\\nType=oneshot\\nExecStart=/bin/true\\n" > /etc/systemd/system/$u.service; echo $u > /run/unit.saved; done; systemctl daemon-reload',
    undo: 'rm /etc/systemd/system/$(cat /run/unit.saved).service; systemctl daemon-reload',
  },
  'reg-boot-budget': { break: ':', undo: ':', expected: { bootSeconds: impossible } },
  'reg-time-to-ssh': { break: ':', undo: ':', expected: { sshSeconds: impossible } },
  'reg-image-footprint': { break: ':', undo: ':', expected: { imageMiB: impossible } },
  'reg-mac-denials': {
    // A container gets no kernel messages of its own, so the journal itself is made to tell of one.
    break: `cat > /usr/local/bin/journalctl <<'END'
#!/bin/sh
case "$*" in *_TRANSPORT=kernel*) echo 'audit: type=1400 apparmor="DENIED" operation="open" profile="x"' ;; esac
exec /usr/bin/journalctl "$@"
END
chmod +x /usr/local/bin/journalctl`,
    undo: 'rm /usr/local/bin/journalctl',
  },
  'reg-net-dns': edit('/etc/nsswitch.conf', "sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf"),
  'reg-net-no-leftover': {
    break: 'ip address add 192.0.2.77/24 dev $(ip -o -4 route show default | sed "s/.* dev //;s/ .*//;q")',
    undo: 'ip address del 192.0.2.77/24 dev $(ip -o -4 route show default | sed "s/.* dev //;s/ .*//;q")',
  },
  'reg-net-render': {
    break: 'mkdir /run/net.saved && mv /run/systemd/network/*netplan* /run/net.saved/',
    undo: 'mv /run/net.saved/* /run/systemd/network/ && rmdir /run/net.saved',
    apart: { 'reg-ci-units': RELOAD, 'reg-sd-cycle': RELOAD },
  },
  'reg-sd-cycle': {
    break: `for pair in 'a b' 'b a'; do set -- $pair; printf '[Unit]\\nRequires=harness-%s.service\\nAfter=harness-%s.service\\nDefaultDependencies=no\\n[Service]\\nType=oneshot\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' $2 $2 > /etc/systemd/system/harness-$1.service; done; systemctl enable -q harness-a.service; systemctl daemon-reload`,
    undo: 'systemctl disable -q harness-a.service; rm /etc/systemd/system/harness-[ab].service; systemctl daemon-reload',
  },
  'reg-svc-failed': {
    break:
      'systemd-run -q --unit=harness-bad /bin/false; for i in 1 2 3 4 5 6 7 8 9; do systemctl is-failed -q harness-bad && break; sleep 0.2; done',
    undo: 'systemctl reset-failed harness-bad',
  },
  'reg-upg-ci-dirty': {
    break: ':',
    undo: ':',
    facts: ({ facts, firstBoot }) => ({
      facts,
      firstBoot: {
        ...firstBoot,
        cloudInit: { ...firstBoot.cloudInit, version: '22.1', datasource: 'DataSourceOther' },
      },
    }),
  },
  'reg-clean-rebaseline': {
    break: ':',
    undo: ':',
    facts: ({ facts, firstBoot }) => ({
      facts: { ...facts, unitFiles: { ...facts.unitFiles, 'ssh.service': 'masked' } },
      firstBoot,
    }),
  },
  // What the journal or the console has seen stays there.
  'reg-no-wait-timeout': {
    break: "echo 'Timeout occurred while waiting for network connectivity.' | systemd-cat -p info; journalctl --sync",
  },
  'reg-journal-baseline': {
    break: "echo 'harness sabotage' | systemd-cat -p err; journalctl --sync",
    also: ['reg-no-wait-timeout'],
  },
  'reg-boot-no-panic': {
    break: "echo 'Kernel panic - not syncing: sabotage' > /dev/console; sleep 0.3",
    also: ['reg-no-wait-timeout', 'reg-journal-baseline'],
  },
  'reg-pkg-cycle': {
    break: `echo 'DPkg::Pre-Invoke { "false"; };' > /etc/apt/apt.conf.d/zz-harness`,
    undo: 'rm /etc/apt/apt.conf.d/zz-harness',
  },
  'reg-reboot-platform': {
    beforeReboot: true,
    break:
      "mkdir -p /var/lib/cloud/scripts/per-boot; printf '#!/bin/sh\\nrm -f /var/lib/harness-marker\\n' > /var/lib/cloud/scripts/per-boot/sabotage; chmod +x /var/lib/cloud/scripts/per-boot/sabotage",
  },
  'reg-iid-change': {
    beforeReboot: true,
    break:
      "echo 'manual_cache_clean: true' > /etc/cloud/cloud.cfg.d/99-sabotage.cfg; touch /var/lib/cloud/instance/manual-clean",
  },
  'reg-rerun-idempotent': {
    beforeReboot: true,
    break:
      "mkdir -p /var/lib/cloud/scripts/per-instance; printf '#!/bin/sh\\necho again >> /etc/harness-again\\n' > /var/lib/cloud/scripts/per-instance/sabotage; chmod +x /var/lib/cloud/scripts/per-instance/sabotage",
  },

  'reg-auto-update-off': {
    break: `echo 'APT::Periodic::Unattended-Upgrade "1";' > /etc/apt/apt.conf.d/zz-harness`,
    undo: 'rm /etc/apt/apt.conf.d/zz-harness',
  },
  'reg-ci-wait': edit('/var/lib/harness-status-during', "echo 'status: done' > /var/lib/harness-status-during"),
  'reg-iid-clone': edit('/etc/machine-id', 'cat /var/lib/captured-machine-id > /etc/machine-id'),
  'reg-mod-ca-certs': edit(
    '/etc/ssl/certs/ca-certificates.crt',
    // Whole certificates only: Python programs die of a bundle that ends inside one.
    'head -n 200 /etc/ssl/certs/ca-certificates.crt | sed -n "1,/END CERTIFICATE/p" > /run/certs && cat /run/certs > /etc/ssl/certs/ca-certificates.crt',
  ),
  'reg-mod-locale-tz': {
    break: 'cp -P /etc/localtime /run/localtime.saved; ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime',
    undo: 'cp -P --remove-destination /run/localtime.saved /etc/localtime',
  },
  'reg-mod-packages': { break: 'mv /usr/bin/tree /usr/bin/tree.away', undo: 'mv /usr/bin/tree.away /usr/bin/tree' },
  'reg-mod-reporting': edit(
    '/var/log/cloud-init-output.log',
    "sed -i 's/harness-final-message/lost/' /var/log/cloud-init-output.log",
  ),
  'reg-mod-repos': {
    break: 'mkdir /run/lists.saved; mv $(grep -rl harness-repository /etc/apt/sources.list.d) /run/lists.saved/',
    undo: 'mv /run/lists.saved/* /etc/apt/sources.list.d/ && rmdir /run/lists.saved',
  },
  'reg-mod-ssh-keys': {
    break: 'chmod 644 /home/*/.ssh/authorized_keys',
    undo: 'chmod 600 /home/*/.ssh/authorized_keys',
  },
  'reg-mod-userdata-formats': edit(
    '/var/lib/harness-formats/boothook',
    'echo other > /var/lib/harness-formats/boothook',
  ),
  'reg-mod-users': { break: 'usermod -s /bin/bash harness-locked', undo: 'usermod -s /bin/sh harness-locked' },
  'reg-mod-write-files': { break: 'chmod 644 /var/lib/harness/plain', undo: 'chmod 640 /var/lib/harness/plain' },
  'reg-mod-hostname': edit('/etc/hostname', 'echo other > /etc/hostname'),
  'reg-mod-scripts': edit('/var/lib/harness-order.log', "sed -i '$d' /var/lib/harness-order.log"),
  'reg-iid-stable': {
    beforeReboot: true,
    break:
      "printf '#!/bin/sh\\nrm -f /etc/ssh/ssh_host_ed25519_key*\\nssh-keygen -q -A\\n' > /var/lib/cloud/scripts/per-boot/sabotage; chmod +x /var/lib/cloud/scripts/per-boot/sabotage",
  },
  'reg-reboot-guest': {
    beforeReboot: true,
    break: "rm -f /usr/sbin/reboot; printf '#!/bin/sh\\nexit 0\\n' > /usr/sbin/reboot; chmod +x /usr/sbin/reboot",
  },

  'reg-mod-userdata-broken': {
    break: 'mv /var/lib/harness-good-part /run/',
    undo: 'mv /run/harness-good-part /var/lib/',
  },
  'reg-ci-status-rc': editStatus(
    'for stage in v1.values():\n  if isinstance(stage, dict): stage["recoverable_errors"] = {}',
  ),
}
