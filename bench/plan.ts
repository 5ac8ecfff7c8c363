// Plans that stand for large matrices: their size beside the shortest known, their time and memory, and what the verifier says.
import { type Demand, type Model } from '../src/matrix/cover/model.ts'
import { cover } from '../src/matrix/cover/cover.ts'
import { verifyCover } from '../src/matrix/cover/verify.ts'
import { expandMatrix } from '../src/matrix/expand.ts'
import { parseMatrix } from '../src/matrix/load-matrix.ts'
import { median, time, verdict } from './measure.ts'
import { eightAxes, tenAxes } from './models.ts'

const demandOf = (strength: number): Demand => ({ strength, groups: [] })

console.log('8 axes, 38,016 combinations, 20,152 of them possible:')
for (const [strength, best] of [
  [2, 63],
  [3, 276],
] as const)
  await compare(eightAxes, strength, best)

console.log('10 axes, 1,048,576 combinations:')
for (const strength of [1, 2, 3]) await compare(tenAxes, strength)

// The same as a matrix, from its text to the cells: this is what `harness plan` and `harness run` do.
const names = Array.from({ length: 4 }, (_, index) => `v${index}`)
const extra = Array.from({ length: 6 }, (_, index) => `axis${index}`)
const axes = {
  platform: ['p0', 'p1', 'p2', 'p3'],
  image: names,
  'instance-type': names,
  boot: names,
  ...Object.fromEntries(extra.map((axis) => [axis, names])),
}
const constraints = [
  { when: { platform: 'p0' }, never: { image: ['v1', 'v2'] }, reason: 'a pair' },
  { when: { boot: 'v0', axis0: 'v1' }, never: { axis1: ['v2', 'v3'] }, reason: 'a triple' },
  { when: { axis2: ['v0', 'v1'] }, only: { axis4: ['v0', 'v1', 'v2'], axis5: ['v0', 'v1'] }, reason: 'a demand' },
]
const platforms = () => ({
  boots: names,
  capabilities: [],
  axes: Object.fromEntries(extra.map((axis) => [axis, 'any' as const])),
})
for (const strength of [2, 3]) {
  const text = JSON.stringify({ axes, constraints, coverage: { strength } })
  let cells = 0
  let combinations = 0n
  const took = await time(async () => {
    const plan = expandMatrix(parseMatrix(text, 'matrix.yaml'), { platforms })
    cells = plan.cells.length
    combinations = plan.coverage?.combinations ?? 0n
  })
  console.log(
    `a matrix of ${combinations.toLocaleString('en')} combinations at strength ${strength}: ${cells} cells in ${(took / 1000).toFixed(2)} s`,
  )
  verdict('time to plan it', took / 1000, 5, ' s')
}
verdict('memory of the process', process.memoryUsage.rss() / 1024 / 1024, 500, ' MiB')

async function compare(model: Model, strength: number, best?: number): Promise<void> {
  let rows: ReturnType<typeof cover>['rows'] = []
  const times: number[] = []
  for (let round = 0; round < 3; round++)
    times.push(await time(async () => void ({ rows } = cover(model, demandOf(strength)))))
  const started = performance.now()
  const { required, missing, invalid } = verifyCover(model, demandOf(strength), rows)
  const verified = performance.now() - started
  console.log(
    `strength ${strength}: ${rows.length} rows for ${required} combinations in ${median(times).toFixed(0)} ms; verified in ${verified.toFixed(0)} ms: ${missing.length} missing, ${invalid.length} not valid`,
  )
  if (missing.length + invalid.length > 0) process.exitCode = 1
  if (best !== undefined) verdict(`rows beside the shortest plan known, ${best}`, rows.length / best, 1.1)
}
