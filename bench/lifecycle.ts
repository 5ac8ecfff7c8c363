// Create, snapshot and launch from a snapshot on LXD, beside the same daemon driven by the lxc client.
import { runHost } from '../src/core/subprocess.ts'
import { cleanAgent } from '../src/instance/agent/clean.ts'
import { findAgent } from '../src/instance/agent/agents.ts'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import { alternate, line, median, time, verdict } from './measure.ts'

const image = process.argv[2] ?? 'debian-13'
const rounds = Number(process.argv[3] ?? 5)
await using session = await openPlatformNamed('lxd', {})
const { id: fingerprint } = await session.resolveImage(image)
const lxc = (...args: string[]) => runHost(['lxc', ...args], { deadlineMs: 120_000 })

/** The same wait, typed by hand: cloud-init's result and the end of the boot. */
const READY = `until [ -e /run/cloud-init/result.json ]; do sleep 0.1; done
until case $(systemctl is-system-running) in running | degraded) true ;; *) false ;; esac; do sleep 0.1; done; cloud-init status --format json || true`

await using prepared = await session.launch({ image: fingerprint })
await prepared.waitUntilReady()
await cleanAgent(prepared, findAgent('cloud-init'))
const source = await prepared.snapshot()
let count = 0

const byHand = async (from: readonly string[]) => {
  const name = `by-hand-${process.pid}-${count++}`
  try {
    return await time(async () => {
      await lxc(...from, name)
      if (from[0] === 'copy') await lxc('start', name)
      await lxc('exec', name, '--', 'sh', '-c', READY)
    })
  } finally {
    await lxc('delete', '--force', name)
  }
}
const ours = async (from: string) => {
  const started = performance.now()
  await using instance = await session.launch({ image: from })
  await instance.waitUntilReady()
  return performance.now() - started
}
const samples = await alternate(rounds, {
  'lxc launch to cloud-init done': () => byHand(['launch', fingerprint]),
  'create to cloud-init done': () => ours(fingerprint),
  'lxc copy and start to cloud-init done': () => byHand(['copy', source.id]),
  'launch from a snapshot to cloud-init done': () => ours(source.id),
  'lxc snapshot': async () => {
    const took = await time(() => lxc('snapshot', prepared.name, 'by-hand'))
    await lxc('delete', `${prepared.name}/by-hand`)
    return took
  },
  'snapshot of a prepared instance': async () => {
    const started = performance.now()
    const made = await prepared.snapshot()
    const took = performance.now() - started
    await made.delete()
    return took
  },
})
for (const sample of Object.values(samples)) console.log(line(sample, 's'))
const seconds = (name: string) => median(samples[name]?.values ?? []) / 1000
verdict('create to cloud-init done', seconds('create to cloud-init done'), 6, ' s')
verdict('snapshot of a prepared instance', seconds('snapshot of a prepared instance'), 1, ' s')
verdict('launch from a snapshot to cloud-init done', seconds('launch from a snapshot to cloud-init done'), 6, ' s')
await source.delete()
