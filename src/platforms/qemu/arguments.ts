import { cloudArguments, forwards } from './cloud/cloud-arguments.ts'
import { userNetwork } from './network.ts'
import type { Accelerator, Architecture } from './options.ts'
import type { ExtraDisk, MachineRecord } from './record.ts'

/** Files of a machine's folder; QEMU runs in it. */
export const CONSOLE = 'console.log'
export const MONITOR = 'qmp.sock'
export const PID_FILE = 'qemu.pid'
export const LOG = 'qemu.log'
export const EXIT_CODE = 'exit-code'
export const KEY = 'ssh-key'
export const SEED = 'seed.iso'
export const VARIABLES = 'variables.fd'

/** What a machine may write to its console, in bytes: it must not fill the disk of this host. */
export const CONSOLE_BYTES = 16 * 1024 * 1024

/** Places for devices that are added while the machine runs. */
export const HOT_PLUGS = 4

/** Command line of a machine, without the program. Pure: the same record gives the same line. */
export function qemuArguments(record: MachineRecord): string[] {
  return [
    ...['-name', escaped(record.name), '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', machineType(record), '-accel', accelerator(record.accelerator)],
    ...['-cpu', cpu(record.architecture, record.accelerator, record.cpus), '-smp', String(record.cpus)],
    ...['-m', `${record.memoryMiB}M`, '-uuid', record.cloud?.dmi.product_uuid ?? record.uuid, '-rtc', 'base=utc'],
    // Descriptor 3 is a pipe to what keeps the console.
    ...['-chardev', 'file,id=console,path=/dev/fd/3,append=on', '-serial', 'chardev:console'],
    ...['-qmp', `unix:${MONITOR},server=on,wait=off`, '-pidfile', PID_FILE],
    ...['-object', 'rng-random,id=random,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=random'],
    ...firmware(record),
    ...kernel(record),
    ...rootDisk(record),
    ...(record.seed ? seed() : []),
    ...hotPlugs(),
    ...networkCard('net0', record.mac, record),
    ...record.nics.flatMap(({ id, mac, plug }) => networkCard(id, mac, record, plug)),
    ...record.disks.flatMap(extraDisk),
    ...generation(record),
    ...(record.cloud
      ? cloudArguments(record.cloud, { escaped, drive: (node, file) => blockdev(node, file, 'raw', true) })
      : []),
    ...smbios(record),
    ...(record.memory === undefined ? [] : ['-incoming', `exec:cat ${record.memory}`]),
    ...(record.extra.arguments ?? []),
  ]
}

/** QEMU separates by commas; one that is meant is doubled. */
export function escaped(text: string): string {
  return text.replaceAll(',', ',,')
}

function machineType({ architecture, firmware: found }: MachineRecord): string {
  // Without graphics the firmware speaks on the serial line.
  const options = ['graphics=off', ...(found?.smm ? ['smm=on'] : [])]
  return [architecture === 'x86_64' ? 'q35,vmport=off' : 'virt,gic-version=max', ...options].join(',')
}

function accelerator(name: Accelerator): string {
  return name === 'tcg' ? 'tcg,tb-size=256' : name
}

/**
 * Emulated processors have all that can be emulated cheaply. 5-level page tables cost time and buy nothing;
 * pointer authentication in its architected form is what an emulated Arm processor would spend most of its time on.
 * With several emulated processors the 16-byte exchange of QEMU 7 is not atomic enough for Linux.
 */
function cpu(architecture: Architecture, by: Accelerator, cpus: number): string {
  if (by !== 'tcg') return 'host'
  if (architecture === 'aarch64') return 'max,pauth-impdef=on'
  return cpus > 1 ? 'max,la57=off,cx16=off' : 'max,la57=off'
}

function firmware({ firmware: found }: MachineRecord): string[] {
  if (!found) return []
  const drive = (unit: number, file: string, readonly: boolean) => [
    '-drive',
    `if=pflash,unit=${unit},format=${found.format},readonly=${readonly ? 'on' : 'off'},file=${escaped(file)}`,
  ]
  const secure = ['-global', 'driver=cfi.pflash01,property=secure,value=on', '-global', 'ICH9-LPC.disable_s3=1']
  return [...(found.smm ? secure : []), ...drive(0, found.code, true), ...drive(1, VARIABLES, false)]
}

function kernel({ extra }: MachineRecord): string[] {
  if (!extra.kernel) return []
  const { path, initrd, arguments: line } = extra.kernel
  return [
    '-kernel',
    path,
    ...(initrd === undefined ? [] : ['-initrd', initrd]),
    ...(line === undefined ? [] : ['-append', line]),
  ]
}

/** Machines are thrown away: what a crash of this host would lose need not be forced to its disk. */
const CACHE = { direct: false, 'no-flush': true }

/** A file as QEMU opens it, also for the command of the same name. */
export function blockNode(node: string, file: string, format: string, readOnly = false): object {
  return {
    driver: format,
    'node-name': node,
    'read-only': readOnly,
    discard: 'unmap',
    cache: CACHE,
    file: { driver: 'file', filename: file, cache: CACHE },
  }
}

function blockdev(...node: Parameters<typeof blockNode>): string[] {
  return ['-blockdev', JSON.stringify(blockNode(...node))]
}

/** Node of the layer that is written to. */
export function rootNode({ layers }: Pick<MachineRecord, 'layers'>): string {
  return `root-${layers.length}`
}

function rootDisk(record: MachineRecord): string[] {
  const node = rootNode(record)
  return [
    ...blockdev(node, record.layers.at(-1) ?? '', 'qcow2'),
    '-device',
    `virtio-blk-pci,id=root,drive=${node},bootindex=1`,
  ]
}

function seed(): string[] {
  return [...blockdev('seed', SEED, 'raw', true), '-device', 'virtio-blk-pci,id=seed-disk,drive=seed']
}

function hotPlugs(): string[] {
  return Array.from({ length: HOT_PLUGS }, (_, index) => [
    '-device',
    `pcie-root-port,id=${socketOf(index)},chassis=${index + 1},slot=${index + 1}`,
  ]).flat()
}

/** Options of one network of its own, which QEMU itself routes: `info usernet` tells the host ports it got. */
export function netdev(id: string, record: MachineRecord, plug?: number): string {
  const ports = plug === undefined ? [{ guest: 22, host: 0 }, ...(record.extra.ports ?? [])] : []
  return [
    'user',
    `id=${id}`,
    // Its site-local addresses would make guests believe that IPv6 leads somewhere.
    'ipv6=off',
    `net=${plug === undefined ? userNetwork(record).subnet : `10.0.${3 + plug}.0/24`}`,
    // By another card a guest could reach what the first one keeps it from.
    ...(record.network === 'isolated' || (record.network === 'user' && plug !== undefined) ? ['restrict=on'] : []),
    ...(record.cloud && plug === undefined ? forwards(record.cloud, escaped) : []),
    ...ports.map(({ guest, host }) => `hostfwd=tcp:127.0.0.1:${host}-:${guest}`),
  ].join(',')
}

function networkCard(id: string, mac: string, record: MachineRecord, plug?: number): string[] {
  const place = plug === undefined ? '' : `,bus=${socketOf(plug)}`
  // Without a boot ROM the firmware does not spend a minute on looking for a network to boot from.
  const device = `virtio-net-pci,id=${cardOf(id)},netdev=${id},mac=${mac},romfile=${place}`
  return ['-netdev', netdev(id, record, plug), '-device', device]
}

function extraDisk({ id, file, plug }: ExtraDisk): string[] {
  const device = `virtio-blk-pci,id=${id},drive=${nodeOf(id)},bus=${socketOf(plug)}`
  return [...blockdev(nodeOf(id), file, 'qcow2'), '-device', device]
}

/** Names of the parts of an added device. */
export const cardOf = (nic: string) => `${nic}-card`
export const nodeOf = (disk: string) => `${disk}-node`
export const socketOf = (plug: number) => `plug${plug}`

/** Tells the kernel of a machine that continues from saved memory to make its random numbers anew. */
function generation({ architecture }: MachineRecord): string[] {
  return architecture === 'x86_64' ? ['-device', 'vmgenid,guid=auto'] : []
}

function smbios({ extra }: MachineRecord): string[] {
  return Object.entries(extra.smbios ?? {}).flatMap(([type, fields]) => [
    '-smbios',
    [`type=${type}`, ...Object.entries(fields).map(([key, value]) => `${key}=${escaped(value)}`)].join(','),
  ])
}
