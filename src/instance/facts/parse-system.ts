import type { FstabEntry, Mount, OsFacts, SystemFacts } from './facts.ts'
import { type Located, parseAssignments, words } from './parse-lines.ts'

/** os-release lines and the first lines of the release files. */
export function parseOs(lines: readonly Located[], releaseFiles: readonly Located[]): OsFacts {
  const fields = parseAssignments(lines.map(({ text }) => text))
  const optional = (name: string) => (fields[name] ? fields[name] : undefined)
  const [versionId, codename, prettyName, supportEnd, variantId] = [
    'VERSION_ID',
    'VERSION_CODENAME',
    'PRETTY_NAME',
    'SUPPORT_END',
    'VARIANT_ID',
  ].map(optional)
  return {
    id: fields['ID'] ?? 'unknown',
    idLike: words(fields['ID_LIKE'] ?? ''),
    ...(versionId === undefined ? {} : { versionId }),
    ...(codename === undefined ? {} : { codename }),
    ...(prettyName === undefined ? {} : { prettyName }),
    ...(supportEnd === undefined ? {} : { supportEnd }),
    ...(variantId === undefined ? {} : { variantId }),
    fields,
    releaseFiles: firstLines(releaseFiles.filter(({ file }) => !STAMP.test(file))),
  }
}

const STAMP = /build\.info|cloud-release|image-id|ImageID|image-info/

/** Text of the files that carry a build serial. */
export function parseStamps(lines: readonly Located[]): Record<string, string> {
  const stamps: Record<string, string> = {}
  for (const { file, text } of lines)
    if (STAMP.test(file)) stamps[file] = stamps[file] === undefined ? text : `${stamps[file]}\n${text}`
  return stamps
}

function firstLines(lines: readonly Located[]): Record<string, string> {
  return Object.fromEntries(lines.filter(({ line }) => line === 1).map(({ file, text }) => [file, text]))
}

/** Lines of /proc/self/mounts or `mount -p`. Octal escapes in paths are decoded. */
export function parseMounts(lines: readonly string[]): Mount[] {
  return lines.flatMap((line) => {
    const [source, target, type, options] = words(line)
    if (!source || !target || !type || !options) return []
    return [{ source: unescape(source), target: unescape(target), type, options: options.split(',') }]
  })
}

/** Lines of fstab. */
export function parseFstab(lines: readonly string[]): FstabEntry[] {
  return lines.flatMap((line) => {
    const [source, target, type, options = 'defaults', dump = '0', pass = '0'] = words(line)
    if (!source || !target || !type || source.startsWith('#')) return []
    return [{ source: unescape(source), target: unescape(target), type, options: options.split(','), dump, pass }]
  })
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/** /proc/swaps or `swapinfo -k`. */
export function parseSwaps(lines: readonly string[]): SystemFacts['swaps'] {
  return lines.flatMap((line) => {
    const [name = '', second = '', third = ''] = words(line)
    if (!name.startsWith('/')) return []
    const linux = !/^\d+$/.test(second)
    return [{ name, type: linux ? second : 'partition', sizeKiB: Number(linux ? third : second) }]
  })
}

/** `blacklist NAME` and `install NAME /bin/true`. */
export function parseModprobe(lines: readonly Located[]): SystemFacts['modulesBlocked'] {
  return lines.flatMap(({ file, text }) => {
    const match = /^\s*(blacklist|install)\s+(\S+)\s*(.*)$/.exec(text)
    if (!match) return []
    const how = match[1] as 'blacklist' | 'install'
    if (how === 'install' && !/\b(true|false|nologin|:)\b/.test(match[3] ?? '')) return []
    return [{ file, module: (match[2] ?? '').replaceAll('-', '_'), how }]
  })
}

/** GRUB settings, and the kernel arguments of grub.cfg, BLS entries, extlinux.conf, loader.conf and /etc/kernel/cmdline. */
export function parseLoader(lines: readonly Located[]): SystemFacts['loader'] {
  const settings = parseAssignments(
    lines.filter(({ file }) => /default\/grub|boot\/loader\.conf$/.test(file)).map(({ text }) => text),
  )
  for (const { text } of lines) {
    const timeout = /^\s*(?:set )?(timeout|TIMEOUT|autoboot_delay)[ =]"?(-?\d+)/.exec(text)
    if (timeout) settings[timeout[1] ?? ''] = timeout[2] ?? ''
  }
  const kernelArguments = lines.flatMap(({ file, text }) => {
    const match = /^\s*(?:linux(?:16|efi)?\s+\S+|options|APPEND|append)\s+(.*)$/.exec(text)
    return match ? words(match[1] ?? '') : file === '/etc/kernel/cmdline' ? words(text) : []
  })
  const grub = words(`${settings['GRUB_CMDLINE_LINUX'] ?? ''} ${settings['GRUB_CMDLINE_LINUX_DEFAULT'] ?? ''}`)
  return { settings, arguments: [...new Set([...kernelArguments, ...grub])] }
}
