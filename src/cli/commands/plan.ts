import { CELL_OPTIONS, selectedCells } from '../cells.ts'
import { defineCommand } from '../command.ts'
import { print, printJson, table } from '../output.ts'

export default defineCommand({
  name: 'plan',
  text: 'Shows the cells a run would test, with the checks that apply, and why other cells are left out. Launches nothing.',
  options: { ...CELL_OPTIONS, json: { type: 'boolean', text: 'print everything, with each check and each reason' } },
  examples: ['harness plan', 'harness plan --filter debian-13 --suite policy --json'],
  async run({ options }) {
    const [{ cells, excluded }, { planRun }] = await Promise.all([
      selectedCells(options),
      import('../../runner/run.ts'),
    ])
    const { plans } = await planRun(cells)
    if (options.json) {
      await printJson({
        cells: plans.map(({ cell, checks, skipped, nothing }) => ({
          ...cell,
          checks: checks.map(({ id, suite, phase, subject, baseline }) => ({ id, suite, phase, subject, baseline })),
          skipped: skipped.map(({ id, phase, reason }) => ({ id, phase, reason })),
          nothing,
        })),
        excluded,
      })
      return 0
    }
    const rows = plans.map(({ cell, checks, skipped, nothing }) => {
      const judged = new Set(checks.filter((check) => !check.baseline).map((check) => check.id)).size
      const left = new Set(skipped.map((record) => record.id)).size
      return [cell.id, `${cell.agentName} ${cell.agent.source}`, nothing ?? `${judged} checks, ${left} do not apply`]
    })
    await print(table([['CELL', 'AGENT', 'JUDGED BY'], ...rows]))
    if (excluded.length > 0) await print(`\nLeft out:\n${table(excluded.map(({ id, reason }) => [`  ${id}`, reason]))}`)
    return 0
  },
})
