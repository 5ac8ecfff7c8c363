import { extname, join } from 'node:path'
import type { DmiKey } from '../../../imds/cloud.ts'
import type { CloudRecord } from './prepare-guest.ts'

/** File in the machine's folder: what is in its CD drive. */
export const DISC = 'disc.iso'

/** SMBIOS type and field of what a guest reads below `/sys/class/dmi/id`; the UUID is an argument of its own. */
const FIELDS: Readonly<Record<Exclude<DmiKey, 'product_uuid'>, readonly [number, string]>> = {
  sys_vendor: [1, 'manufacturer'],
  product_name: [1, 'product'],
  product_serial: [1, 'serial'],
  chassis_asset_tag: [3, 'asset'],
}

/** What the firmware of the guest says, and its CD drive. `drive` opens a file as a block node. */
export function cloudArguments(
  { dmi, hostNames, disc }: CloudRecord,
  tools: { escaped: (text: string) => string; drive: (node: string, file: string) => string[] },
): string[] {
  const types = Map.groupBy(Object.entries(FIELDS), ([, [type]]) => type)
  const tables = [...types].flatMap(([type, fields]) => {
    const given = fields.flatMap(([key, [, field]]) => {
      const value = dmi[key as DmiKey]
      return value === undefined ? [] : [`${field}=${tools.escaped(value)}`]
    })
    return given.length > 0 ? ['-smbios', [`type=${type}`, ...given].join(',')] : []
  })
  const cd = ['-device', 'virtio-scsi-pci,id=drives', '-device', 'scsi-cd,drive=disc,bus=drives.0']
  return [...tables, ...names(hostNames), ...(disc ? [...tools.drive('disc', DISC), ...cd] : [])]
}

/** A credential for systemd-tmpfiles, which adds a line to `/etc/hosts`: the DNS of QEMU knows no names of ours. */
function names(hostNames: readonly string[]): string[] {
  if (hostNames.length === 0) return []
  const line = `w+ /etc/hosts - - - - 169.254.169.254 ${hostNames.join(' ')}\\n\n`
  const value = `io.systemd.credential.binary:tmpfiles.extra=${Buffer.from(line).toString('base64')}`
  return ['-smbios', `type=11,value=${value}`]
}

/** Options of a network that lead connections of the guest to a service: one process of ours for each connection. */
export function forwards({ services }: CloudRecord, escaped: (text: string) => string): string[] {
  const program = join(import.meta.dirname, `forward${extname(import.meta.filename)}`)
  return services.map(({ address, path }) => {
    const command = [process.execPath, program, path].map((word) => `'${word}'`).join(' ')
    return `guestfwd=tcp:${address}:80-cmd:${escaped(command)}`
  })
}
