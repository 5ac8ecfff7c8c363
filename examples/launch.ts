// Launches an image, looks at it, reboots it and destroys it: node examples/launch.ts [PLATFORM] [IMAGE]
import { openPlatform } from 'harness'
import type { PlatformName } from 'harness'

const [platform = 'lxd', image = 'debian-13'] = process.argv.slice(2)

await using session = await openPlatform(platform as PlatformName, {})
const resolved = await session.resolveImage(image)
await using instance = await session.launch({ image: resolved.id })

const { bootId, cloudInit } = await instance.waitUntilReady()
console.log(`${instance.name} is ready, cloud-init says ${cloudInit?.status ?? 'nothing'}`)

// Interpolations are quoted, so no file name can do harm.
const file = "/tmp/it's here"
await instance.root.writeFile(file, 'hello\n')
console.log(await instance.sh`cat ${file}`)

const result = await instance.probe`test -e /etc/shadow-copy`
console.log(`exit code ${result.exitCode}`)

const after = await instance.reboot()
console.log(after.bootId === bootId ? 'the same boot' : 'another boot')
