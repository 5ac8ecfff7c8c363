import { readdir, readFile } from 'node:fs/promises'

/** Whether a process waited longer for a processor of this host than it had one. Unknown, so false, outside of Linux. */
export async function isStarved(pid: number): Promise<boolean> {
  const tasks = await readdir(`/proc/${pid}/task`).catch((): string[] => [])
  const texts = tasks.map((task) => readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => ''))
  return waitedLonger(await Promise.all(texts))
}

/** The same, from what the kernel tells of each thread: nanoseconds on a processor, and waiting for one. */
export function waitedLonger(schedstats: readonly string[]): boolean {
  const numbers = schedstats.map((text) => text.trim().split(' ').map(Number))
  const sum = (at: number) => numbers.reduce((total, fields) => total + (fields[at] ?? 0), 0)
  return sum(1) > sum(0)
}
