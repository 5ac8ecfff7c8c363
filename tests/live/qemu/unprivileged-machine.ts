// A machine with firmware of its own, launched, saved, continued and destroyed by whoever runs this. Prints what is left.
import { openPlatform } from '../../../src/platforms/open-platform.ts'

const image = process.argv[2] ?? ''
await using session = await openPlatform('qemu', {})
await using machine = await session.launch({ image, boot: 'uefi', instanceType: 'micro' })
const saved = await machine.machine.snapshot('saved', { deadlineMs: 60_000, memory: true })
await using continued = await session.launch({ image: saved.id, warm: true })
const states = [await machine.state(), await continued.state()]
await Promise.all([machine.destroy(), continued.destroy()])
await session.remove({ kind: 'snapshot', id: saved.id })
process.stdout.write(JSON.stringify([process.getuid?.(), states, await session.resources()]))
