import type { InstanceDocument } from './document.ts'

/** A locally administered address; card `index` of the instance with this seed. */
export function macOf(seed: Uint8Array, index: number): string {
  const bytes = [0x02, ...seed.subarray(8, 12), index & 255]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** User-data as the guest must see them in the end, or undefined when there are none. */
export function userDataBytes(document: Pick<InstanceDocument, 'userData' | 'userDataBase64'>): Buffer | undefined {
  const { userData, userDataBase64 } = document
  if (userData === undefined || userData === '') return undefined
  return Buffer.from(userData, userDataBase64 ? 'base64' : 'utf8')
}

/** Version 4 in form, from given bytes. */
export function uuidFrom(seed: Uint8Array): string {
  const hex = Buffer.from(seed.subarray(0, 16)).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** `24` as `255.255.255.0`. */
export function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}

/** The network an address belongs to, as `10.0.0.0/24`. */
export function subnetOf(address: string, prefix: number): string {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - prefix)
  const first = Math.floor(number / size) * size
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${prefix}`
}
