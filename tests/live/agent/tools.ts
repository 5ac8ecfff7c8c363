import { probeHost } from '../../../src/core/subprocess.ts'

/** Why the tools a test needs are not all here, with the command that lifts it. `tools`: Debian's package by command. */
export async function whyNoTool(tools: Readonly<Record<string, string>>): Promise<string | undefined> {
  for (const [command, name] of Object.entries(tools)) {
    const found = await probeHost(['sh', '-c', 'command -v -- "$1"', 'sh', command], { deadlineMs: 10_000 })
    if (found.exitCode !== 0) return `no ${command} on this host: apt-get install ${name}`
  }
  return undefined
}
