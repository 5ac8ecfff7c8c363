import { pause } from '../../../src/core/wait-until.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'

// The process that is killed: it has a guest with the identity of a cloud and does not let go. Arguments: platform, image.
const [platform, image = ''] = process.argv.slice(2)
const azure = { cloud: 'azure' } as const
const instance =
  platform === 'qemu'
    ? await (await openPlatform('qemu', {})).launch({ image, boot: 'bios', cloudIdentity: azure })
    : await (await openPlatform('lxd', {})).launch({ image, cloudIdentity: { ...azure, nics: 2 } })
process.stdout.write(`${instance.name}\n`)
await pause(600_000)
