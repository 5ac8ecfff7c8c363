/**
 * Turns the output of apt, dpkg and mmdebstrap into a few lines for people: the step, and from time to time how many of the packages
 * are done. Lines that say nothing new are dropped.
 */
export function progressOf(packages: number, onProgress: (line: string) => void): (line: string) => void {
  const seen = { unpacked: new Set<string>(), configured: new Set<string>() }
  let last = ''
  const say = (line: string) => {
    if (line !== last) onProgress(line)
    last = line
  }
  const count = (verb: string, set: Set<string>, name: string | undefined) => {
    set.add(name ?? '')
    if (set.size % 25 === 0) say(`${verb} packages: ${set.size} of ${packages}`)
  }
  return (line) => {
    const unpacked = /^Unpacking (\S+)/.exec(line)
    const configured = /^Setting up (\S+)/.exec(line)
    const step =
      /^I: (installing essential packages|installing remaining packages|cleaning package lists|creating tarball)/.exec(
        line,
      )
    if (unpacked) count('unpacked', seen.unpacked, unpacked[1])
    else if (configured) count('configured', seen.configured, configured[1])
    else if (/^I: running .*(?:tar-in|chroot "\$1")/.test(line)) say('applying files and scripts')
    else if (step?.[1]) say(step[1])
  }
}
