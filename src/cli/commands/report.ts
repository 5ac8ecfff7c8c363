import type { ReportFormat } from '../../reporters/index.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson } from '../output.ts'

const FORMATS = ['html', 'junit', 'markdown', 'allure'] as const

export default defineCommand({
  name: 'report',
  args: '[RUN]',
  arity: [0, 1],
  text: 'Makes the reports of a run again from its events; also of a run that was interrupted. RUN is a run id or the folder of a run; default the newest.',
  options: {
    format: { type: 'string', multiple: true, choices: FORMATS, text: 'only this report' },
    allure: { type: 'boolean', text: 'also render the Allure results to allure-report/; needs Java' },
    'report-url': { type: 'string', value: 'URL', text: 'where index.html is published, for the link in summary.md' },
    'reports-dir': { type: 'string', value: 'DIR', text: 'where runs are; default ./reports' },
    json: { type: 'boolean', text: 'print the run as data instead' },
  },
  examples: ['harness report', 'harness report 20261122-040925-yw8i --allure'],
  async run({ options, args, signal }) {
    const [{ findRunFolder }, reporters] = await Promise.all([import('../runs.ts'), import('../../reporters/index.ts')])
    const dir = await findRunFolder(args[0], options['reports-dir'] ?? 'reports')
    if (options.json) {
      const { run } = await reporters.writeReports(dir, { formats: [] })
      await printJson(reporters.runData(run))
      return 0
    }
    const { paths, unreadable } = await reporters.writeReports(dir, {
      ...(options.format ? { formats: options.format as ReportFormat[] } : {}),
      ...(options['report-url'] ? { reportUrl: options['report-url'] } : {}),
    })
    if (unreadable > 0) note(`${unreadable} lines of events.jsonl could not be read`)
    await print(Object.values(paths).join('\n'))
    if (options.allure) await print(await reporters.renderAllure(dir, { signal }))
    return 0
  },
})
