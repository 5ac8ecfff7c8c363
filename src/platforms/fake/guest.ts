import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { FileTree } from './file-tree.ts'
import type { Settings } from './options.ts'
import { BUILTINS } from './shell/builtins.ts'
import { PROGRAMS } from './shell/programs.ts'
import { ExitShell } from './shell/program.ts'
import type { Program } from './shell/program.ts'

export type BootFault = 'silence' | 'panic' | 'emergency' | 'stopped' | 'cloud-init-error' | 'degraded' | undefined

/** The operating system inside a fake machine: files, boots and the programs that tell about them. */
export class Guest {
  readonly files: FileTree
  readonly hostname: string
  bootId = ''
  console = ''
  /** `performance.now()` of the last power-on; undefined while off. */
  startedAt: number | undefined
  fault: BootFault
  readonly programs: ReadonlyMap<string, Program>
  readonly #settings: Settings
  #finished = false

  constructor(files: FileTree, hostname: string, settings: Settings) {
    this.files = files
    this.hostname = hostname
    this.#settings = settings
    this.programs = new Map(Object.entries({ ...PROGRAMS, ...this.#system(), ...BUILTINS }))
  }

  powerOn(fault: BootFault): void {
    this.startedAt = performance.now()
    this.bootId = randomUUID()
    this.fault = fault
    this.#finished = false
    this.files.remove('/run', { recursive: true, force: true })
    for (const folder of ['/run/systemd/system', '/run/cloud-init', '/proc/sys/kernel/random', '/etc/ssh'])
      this.files.makeFolder(folder, { parents: true })
    this.files.write('/proc/sys/kernel/random/boot_id', `${this.bootId}\n`)
    if (!this.files.stat('/etc/ssh/ssh_host_ed25519_key.pub')) {
      this.files.write('/etc/ssh/ssh_host_ed25519_key.pub', `ssh-ed25519 ${hostKey()} root@${this.hostname}\n`)
    }
    if (!this.files.stat('/etc/machine-id')?.data.length)
      this.files.write('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`)
    this.console += `Linux version 6.0-fake\n`
    if (fault === 'panic')
      this.console += 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n'
    if (fault === 'emergency') this.console += 'You are in emergency mode. After logging in, type "journalctl -xb"\n'
  }

  powerOff(): void {
    if (this.startedAt !== undefined) this.console += 'reboot: Power down\n'
    this.startedAt = undefined
  }

  get #age(): number {
    return this.startedAt === undefined ? -1 : performance.now() - this.startedAt
  }

  get isOn(): boolean {
    if (this.fault === 'stopped' && this.#age > this.#settings.bootMs) this.powerOff()
    return this.startedAt !== undefined
  }

  /** Commands can be run. */
  get answers(): boolean {
    const dead =
      this.fault === 'silence' || this.fault === 'panic' || this.fault === 'emergency' || this.fault === 'stopped'
    return this.isOn && !dead && this.#age >= this.#settings.bootMs
  }

  /** Lets the boot finish when its time has come. */
  tick(): void {
    if (this.#finished || !this.answers || this.#age < this.#settings.bootMs + this.#settings.agentMs) return
    this.#finished = true
    const errors = this.fault === 'cloud-init-error' ? ['(\'cc_runcmd\', RuntimeError("fake failure"))'] : []
    this.files.write('/run/cloud-init/result.json', JSON.stringify({ v1: { datasource: 'DataSourceFake', errors } }))
    this.console += `cloud-init finished\n${this.hostname} login: \n`
  }

  #system(): Record<string, Program> {
    return {
      hostname: ({ print }) => {
        print(`${this.hostname}\n`)
        return 0
      },
      uname: ({ args, print }) => {
        print(args[0] === '-r' ? '6.0-fake\n' : args[0] === '-m' ? 'x86_64\n' : 'Linux\n')
        return 0
      },
      systemctl: ({ args, print }) => {
        if (args[0] === 'is-system-running') {
          const state = !this.#finished ? 'starting' : this.fault === 'degraded' ? 'degraded' : 'running'
          print(`${state}\n`)
          return state === 'running' ? 0 : 1
        }
        if (args[0] === 'list-units' && this.fault === 'degraded') print('broken.service loaded failed failed Broken\n')
        if (args[0] === 'reboot') return this.#reboot()
        if (args[0] === 'poweroff') return this.#halt()
        return 0
      },
      reboot: () => this.#reboot(),
      shutdown: ({ args }) => (args.includes('-r') ? this.#reboot() : this.#halt()),
      poweroff: () => this.#halt(),
      'apt-get': () => 0,
      'dpkg-query': ({ print }) => {
        print('installed\tcloud-init\t24.1\ninstalled\tbash\t5.2\n')
        return 0
      },
      'cloud-init': ({ args, print, shell }) => {
        if (args[0] === '--version') print('/usr/bin/cloud-init 24.1\n')
        else if (args[0] === 'status') return this.#status(print)
        else if (args[0] === 'clean') shell.host.files.remove('/var/lib/cloud', { recursive: true, force: true })
        return 0
      },
    }
  }

  #status(print: (text: string) => void): number {
    const failed = this.fault === 'cloud-init-error'
    const status = !this.#finished ? 'running' : failed ? 'error' : 'done'
    const errors = failed && this.#finished ? ['fake failure'] : []
    print(
      JSON.stringify({
        status,
        extended_status: status,
        detail: 'DataSourceFake',
        datasource: 'fake',
        errors,
        recoverable_errors: {},
      }),
    )
    return status === 'error' ? 1 : 0
  }

  #reboot(): never {
    this.console += 'reboot: Restarting system\n'
    this.powerOn(undefined)
    throw new ExitShell(0)
  }

  #halt(): never {
    this.powerOff()
    throw new ExitShell(0)
  }
}

/** The files of an image before any boot. */
export function imageFiles(image: string): FileTree {
  const files = new FileTree()
  for (const folder of [
    '/bin',
    '/etc/ssh',
    '/home',
    '/proc',
    '/root',
    '/run',
    '/tmp',
    '/usr/bin',
    '/var/lib/cloud',
    '/var/log',
    '/var/tmp',
  ])
    files.makeFolder(folder, { parents: true })
  const [id = 'debian', version = ''] = image.split('-')
  files.write(
    '/etc/os-release',
    `ID=${id}\n${/^\d/.test(version) ? `VERSION_ID="${version}"\n` : ''}VERSION_CODENAME=${version || 'none'}\nPRETTY_NAME="${image} (fake)"\n`,
  )
  files.write('/etc/machine-id', '')
  return files
}

function hostKey(): string {
  const point = createHash('sha256').update(randomBytes(32)).digest()
  const name = Buffer.from('ssh-ed25519')
  return Buffer.concat([length(name), name, length(point), point]).toString('base64')
}

function length(data: Buffer): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(data.length)
  return bytes
}
