import { ConfigError } from '../../core/errors.ts'
import type { PackageManagerName } from '../package-managers.ts'

/** One thing to keep from an instance: a file, or the output of a command. */
export interface CollectEntry {
  /** Name below the log folder, for example `cloud-init/status.json`. */
  file: string
  /** What a reader sees. */
  title: string
  /** Absolute path on the instance, or a shell command whose stdout and stderr are kept. Exactly one of both. */
  path?: string
  command?: string
  /** Bytes kept of this entry; default is the `maxBytes` of the call. */
  maxBytes?: number
  /** Entries of one lane run one after another, lanes run at the same time. Default `files`. */
  lane?: string
  /** Its absence is normal and is not reported. */
  optional?: boolean
}

/** The software under test, as data: what it is called, how it is brought to a fresh state, and what it leaves to read. */
export interface Agent {
  name: string
  title: string
  /** Names of its packages; the first one gives the version. */
  packages: Readonly<Partial<Record<PackageManagerName, readonly string[]>>>
  /** Prints the version on its first line. Used where the package manager does not know the agent. */
  versionCommand: string
  /** Run in order as root; each must succeed. They make the next boot a first boot. */
  clean: readonly string[]
  /** Succeeds when the agent has finished its work on this boot. Absent: nothing to wait for. */
  wait?: string
  collect: readonly CollectEntry[]
  /** A command that packs what the agent's authors ask for in a bug report, into the file `$1`. */
  archive?: { command: string; file: string; title: string }
}

const cloudInit: Agent = {
  name: 'cloud-init',
  title: 'cloud-init',
  packages: {
    apt: ['cloud-init'],
    dnf: ['cloud-init'],
    zypper: ['cloud-init'],
    apk: ['cloud-init'],
    pkg: ['net/cloud-init'],
  },
  versionCommand: 'cloud-init --version 2>&1',
  // `clean --machine-id` deletes the id or writes `uninitialized`; systemd then applies presets, which turns on units
  // the image never had and can make the next boot wait two minutes. An empty file only asks for a new id.
  clean: ['cloud-init clean --logs', 'if [ -e /etc/machine-id ]; then : > /etc/machine-id; fi'],
  wait: 'cloud-init status --wait >/dev/null 2>&1',
  archive: {
    command: 'cloud-init collect-logs --tarfile "$1"',
    file: 'cloud-init/collect-logs.tar.gz',
    title: 'cloud-init collect-logs',
  },
  collect: [
    { file: 'cloud-init/cloud-init.log', title: 'cloud-init.log', path: '/var/log/cloud-init.log' },
    {
      file: 'cloud-init/cloud-init-output.log',
      title: 'cloud-init-output.log',
      path: '/var/log/cloud-init-output.log',
    },
    { file: 'cloud-init/status.json', title: 'status.json', path: '/run/cloud-init/status.json' },
    { file: 'cloud-init/result.json', title: 'result.json', path: '/run/cloud-init/result.json' },
    { file: 'cloud-init/ds-identify.log', title: 'ds-identify.log', path: '/run/cloud-init/ds-identify.log' },
    {
      file: 'cloud-init/cloud.cfg.txt',
      title: 'configuration files',
      command:
        'for f in /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg; do [ -f "$f" ] && echo "# $f" && cat "$f"; done',
    },
    {
      file: 'cloud-init/status-long.json',
      title: 'cloud-init status',
      command: 'cloud-init status --long --format=json || cloud-init status --long',
      lane: 'agent',
    },
    {
      file: 'cloud-init/analyze-show.txt',
      title: 'cloud-init analyze show',
      command: 'cloud-init analyze show',
      lane: 'agent',
    },
    {
      file: 'cloud-init/analyze-blame.txt',
      title: 'cloud-init analyze blame',
      command: 'cloud-init analyze blame',
      lane: 'agent',
    },
    {
      file: 'cloud-init/analyze-dump.json',
      title: 'cloud-init analyze dump',
      command: 'cloud-init analyze dump',
      lane: 'agent',
    },
  ],
}

const walinuxagent: Agent = {
  name: 'walinuxagent',
  title: 'Azure Linux agent',
  packages: {
    apt: ['waagent', 'walinuxagent'],
    dnf: ['WALinuxAgent'],
    zypper: ['python-azure-agent'],
    pkg: ['sysutils/azure-agent'],
  },
  versionCommand: 'waagent --version',
  clean: ['waagent -deprovision -force', 'if [ -e /etc/machine-id ]; then : > /etc/machine-id; fi'],
  collect: [
    { file: 'walinuxagent/waagent.log', title: 'waagent.log', path: '/var/log/waagent.log' },
    { file: 'walinuxagent/waagent.conf', title: 'waagent.conf', path: '/etc/waagent.conf' },
    {
      file: 'walinuxagent/status.txt',
      title: 'service state',
      command: 'systemctl status --no-pager walinuxagent waagent',
    },
  ],
}

const qemuGuestAgent: Agent = {
  name: 'qemu-guest-agent',
  title: 'QEMU guest agent',
  packages: {
    apt: ['qemu-guest-agent'],
    dnf: ['qemu-guest-agent'],
    zypper: ['qemu-guest-agent'],
    apk: ['qemu-guest-agent'],
  },
  versionCommand: 'qemu-ga --version',
  clean: ['if [ -e /etc/machine-id ]; then : > /etc/machine-id; fi'],
  collect: [
    {
      file: 'qemu-guest-agent/status.txt',
      title: 'service state',
      command: 'systemctl status --no-pager qemu-guest-agent || rc-service qemu-guest-agent status',
    },
  ],
}

const unattendedUpgrades: Agent = {
  name: 'unattended-upgrades',
  title: 'unattended-upgrades',
  packages: { apt: ['unattended-upgrades'] },
  versionCommand: "dpkg-query -W -f '${Version}\\n' unattended-upgrades",
  clean: ['rm -rf /var/log/unattended-upgrades/*', 'if [ -e /etc/machine-id ]; then : > /etc/machine-id; fi'],
  collect: [
    {
      file: 'unattended-upgrades/unattended-upgrades.log',
      title: 'unattended-upgrades.log',
      path: '/var/log/unattended-upgrades/unattended-upgrades.log',
      optional: true,
    },
    { file: 'unattended-upgrades/apt-config.txt', title: 'apt configuration', command: 'apt-config dump' },
    { file: 'unattended-upgrades/timers.txt', title: 'timers', command: 'systemctl list-timers --all --no-pager' },
  ],
}

/** The agents that come with the harness, by name. */
export const AGENTS: ReadonlyMap<string, Agent> = new Map(
  [cloudInit, walinuxagent, qemuGuestAgent, unattendedUpgrades].map((agent) => [agent.name, agent]),
)

/** The agent called `name`. @throws ConfigError naming the known agents */
export function findAgent(name: string): Agent {
  const agent = AGENTS.get(name)
  if (!agent) {
    throw new ConfigError(`there is no agent "${name}"`, { hint: `known agents: ${[...AGENTS.keys()].join(', ')}` })
  }
  return agent
}
