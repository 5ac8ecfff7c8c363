// What each datasource costs a boot: requests and bytes of its crawl, time of the crawl, and time until cloud-init is done,
// for each image. Reference: the same image with the seed that LXD writes to disk. Writes a table and a picture.
// Usage: node bench/datasources.ts [rounds] [image,...]
import { writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { CLOUD_NAMES } from '../src/imds/cloud.ts'
import type { CloudName } from '../src/imds/cloud.ts'
import { crawlSize } from '../src/imds/exchange.ts'
import { openPlatform } from '../src/platforms/open-platform.ts'
import { median } from './measure.ts'

interface Row {
  image: string
  agent: string
  cloud: CloudName | 'seed'
  requests: number
  bytes: number
  crawlMs: number
  doneMs: number
}

const rounds = Number(process.argv[2] ?? 3)
const images = (process.argv[3] ?? 'debian-12,debian-13,debian-sid').split(',')
await using session = await openPlatform('lxd', {})
const rows: Row[] = []
for (const image of images) {
  const id = (await session.resolveImage(image)).id
  for (const cloud of ['seed', ...CLOUD_NAMES] as const) {
    const samples: Row[] = []
    for (let round = 0; round < rounds; round++) samples.push(await boot(image, id, cloud))
    const [first] = samples
    if (!first) continue
    const middle = (key: 'requests' | 'bytes' | 'crawlMs' | 'doneMs') => median(samples.map((sample) => sample[key]))
    rows.push({
      ...first,
      requests: middle('requests'),
      bytes: middle('bytes'),
      crawlMs: middle('crawlMs'),
      doneMs: middle('doneMs'),
    })
    console.log(text(rows.at(-1) ?? first))
  }
  // After each image, so that what was measured stays when the rest is cut off.
  await writeFile('bench/datasources.md', table())
  await writeFile('bench/datasources.svg', picture())
}
console.log('\nwritten: bench/datasources.md, bench/datasources.svg')

async function boot(image: string, id: string, cloud: CloudName | 'seed'): Promise<Row> {
  await using instance = await session.launch({
    image: id,
    userData: '#cloud-config\n{}\n',
    ...(cloud === 'seed' ? {} : { cloudIdentity: { cloud } }),
  })
  await instance.waitUntilReady()
  const size = crawlSize((await instance.machine.imds?.state())?.exchanges ?? [])
  // From the start of user space to the end of the last stage, by the clock of systemd.
  const stamps = await instance.root
    .sh`systemctl show -p UserspaceTimestampMonotonic; systemctl show -p ActiveEnterTimestampMonotonic cloud-final.service; cloud-init --version 2>&1`
  const stamp = (name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(stamps)?.[1] ?? Number.NaN)
  return {
    image,
    agent: /(\d+\.\d[\w.]*)/.exec(stamps.split('\n').at(-1) ?? '')?.[1] ?? '',
    cloud,
    requests: size.requests,
    bytes: size.bytes,
    crawlMs: size.durationMs,
    doneMs: (stamp('ActiveEnterTimestampMonotonic') - stamp('UserspaceTimestampMonotonic')) / 1000,
  }
}

function text({ image, agent, cloud, requests, bytes, crawlMs, doneMs }: Row): string {
  return `${image.padEnd(12)} ${agent.padEnd(8)} ${cloud.padEnd(13)} ${String(requests).padStart(4)} requests ${String(bytes).padStart(7)} B   crawl ${crawlMs.toFixed(0).padStart(6)} ms   done ${(doneMs / 1000).toFixed(2).padStart(6)} s`
}

function table(): string {
  const lines = rows.map(
    ({ image, agent, cloud, requests, bytes, crawlMs, doneMs }) =>
      `| ${image} | ${agent} | ${cloud} | ${requests} | ${bytes} | ${crawlMs.toFixed(0)} | ${(doneMs / 1000).toFixed(2)} |`,
  )
  return [
    `Median of ${rounds}, LXD containers on this host, ${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}: on a busy host times mean little, requests and bytes stay. \`seed\` is the same image with the seed on disk. Crawl: first request to last answer. Done: start of user space to the end of cloud-init.`,
    '',
    '| image | cloud-init | datasource | requests | bytes | crawl ms | done s |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n')
}

/** Bars: how long until cloud-init is done, the crawl as the dark part of each. */
function picture(): string {
  const longest = Math.max(1, ...rows.map(({ doneMs }) => doneMs))
  const height = 18
  const bars = rows.map(({ image, agent, cloud, crawlMs, doneMs, requests }, index) => {
    const y = 30 + index * height
    const width = (ms: number) => ((Math.min(ms, doneMs) / longest) * 420).toFixed(1)
    return `<text x="4" y="${y + 12}">${image} ${agent}</text><text x="150" y="${y + 12}">${cloud}</text><rect x="240" y="${y + 2}" width="${width(doneMs)}" height="13" fill="#9bb8d9"/><rect x="240" y="${y + 2}" width="${width(crawlMs)}" height="13" fill="#1f4e82"/><text x="670" y="${y + 12}">${(doneMs / 1000).toFixed(1)} s, ${requests}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="760" height="${40 + rows.length * height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/><text x="4" y="18">Start of user space to the end of cloud-init (dark: the crawl); requests</text>${bars.join('')}</svg>\n`
}
