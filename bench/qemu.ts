// A second machine of QEMU that continues from saved memory, beside one that boots. `npm run bench qemu`, or `node bench/qemu.ts [IMAGE] [ROUNDS]`.
// Boots go one at a time; without acceleration each takes a minute or two. IMAGE may be of another architecture.
import { openPlatform } from '../src/platforms/open-platform.ts'
import type { Instance } from '../src/instance/instance.ts'
import { alternate, line, median, verdict } from './measure.ts'

const image = process.argv[2] ?? 'debian-13'
const rounds = Number(process.argv[3] ?? 2)
await using session = await openPlatform('qemu', {})
const { id, architecture } = await session.resolveImage(image, { onProgress: (text) => console.log(text) })
console.log(`${image} for ${architecture || 'the architecture of this host'}`)

/** Milliseconds to the first command over SSH. */
async function toSsh(launch: () => Promise<Instance>, keep?: (instance: Instance) => Promise<void>): Promise<number> {
  const started = performance.now()
  await using instance = await launch()
  await instance.waitUntilReachable({ deadline: '10 minutes' })
  const took = performance.now() - started
  await keep?.(instance)
  return took
}

let saved = ''
const firstMs = await toSsh(
  () => session.launch({ image: id }),
  async (instance) => {
    await instance.waitUntilReady()
    const { id: snapshot } = await instance.machine.snapshot('bench', { deadlineMs: 120_000, memory: true })
    saved = snapshot
  },
)
console.log(`the boot that was saved: ${(firstMs / 1000).toFixed(1)} s to SSH`)
try {
  const samples = await alternate(
    rounds,
    {
      'cold boot to SSH': () => toSsh(() => session.launch({ image: id })),
      'continued from memory to SSH': () => toSsh(() => session.launch({ image: saved, warm: true })),
    },
    { warmUp: false },
  )
  for (const sample of Object.values(samples)) console.log(line(sample, 's'))
  const of = (name: string) => median(samples[name]?.values ?? [])
  verdict('continued, over a cold boot', of('continued from memory to SSH') / of('cold boot to SSH'), 0.1)
} finally {
  await session.remove({ kind: 'snapshot', id: saved })
}
