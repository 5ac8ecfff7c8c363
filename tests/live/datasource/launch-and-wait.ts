import { pause } from '../../../src/core/wait-until.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import { image } from '../lxd/open-lxd.ts'

// The process that is killed: it has a guest with the identity of a cloud and does not let go.
const session = await openPlatform('lxd', {})
const instance = await session.launch({ image, cloudIdentity: { cloud: 'azure', nics: 2 } })
process.stdout.write(`${instance.name}\n`)
await pause(600_000)
