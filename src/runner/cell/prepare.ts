import { withoutSecrets } from '../../core/redact.ts'
import { cleanText } from '../../core/text.ts'
import type { AgentSource } from '../../matrix/cell.ts'
import { findAgent } from '../../instance/agent/agents.ts'
import { cleanAgent } from '../../instance/agent/clean.ts'
import { upgradeAgent } from '../../instance/agent/upgrade.ts'
import type { BootReport } from '../../instance/boot.ts'
import type { Instance, Snapshot } from '../../instance/instance.ts'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { formatAgentSource } from '../../matrix/agent-source.ts'
import { gatherInto } from './gather.ts'
import type { CellMachines } from './cell-machines.ts'
import type { CellStage } from './cell-stage.ts'
import type { Subject } from '../plan/planned-check.ts'

/** What the stages before judging made. Parts that failed are absent. */
export interface Prepared {
  subject?: Instance
  snapshot?: Snapshot
  /** Of the rebooted subject, with its memory. */
  warm?: Snapshot
  restFacts?: string
  firstBootFacts?: string
  afterRebootFacts?: string
  pair?: Instance
  pairFacts?: string
}

/** Launches the machine under test and brings it through first boot, upgrade, clean and reboot. Rejects at the first step that fails. */
export async function prepareSubject(
  stage: CellStage,
  machines: CellMachines,
  imageId: string,
  prepared: Prepared,
): Promise<void> {
  const { cell } = stage.plan
  const agent = findAgent(cell.agentName)
  const { signal } = stage
  const subject = await stage.step('launch', () => machines.launch('subject', imageId))
  prepared.subject = subject
  const boot = await stage.step('first-boot', () => subject.waitUntilReady(within(stage)))
  measured(stage, 'image', boot)
  prepared.firstBootFacts = await stage.step('first-boot-facts', () =>
    gatherInto(stage, subject, { subject: 'image', phase: 'first-boot', file: 'image-first-boot' }),
  )
  if (isReadyAtFirstBoot(stage)) {
    for (const step of ['upgrade', 'clean', 'snapshot', 'reboot', 'after-reboot-facts'] as const)
      stage.skipStep(step, 'the image is judged as it came, and by nothing that needs another boot')
    prepared.afterRebootFacts = prepared.firstBootFacts
    return
  }
  if (cell.agentSource.kind === 'none') stage.skipStep('upgrade', 'the agent is tested as the image has it')
  else await stage.step('upgrade', () => upgrade(stage, subject, cell.agentSource), formatAgentSource(cell.agentSource))
  await stage.step('clean', () => cleanAgent(subject, agent, { signal }))
  if (stage.plan.needs.snapshot) {
    prepared.snapshot = await stage.step('snapshot', () =>
      stage.paced(() => subject.snapshot('prepared', within(stage))),
    )
  } else stage.skipStep('snapshot', 'no check needs an instance of its own')
  const again = await stage.step('reboot', async () => {
    stage.boots++
    return await stage.paced(() => subject.reboot(within(stage)))
  })
  measured(stage, stage.plan.subject, again)
  prepared.afterRebootFacts = await stage.step('after-reboot-facts', () =>
    gatherInto(stage, subject, {
      subject: stage.plan.subject,
      phase: 'after-reboot',
      file: `${stage.plan.subject}-after-reboot`,
    }),
  )
  if (!stage.plan.needs.warm) return
  prepared.warm = await stage.step(
    'snapshot',
    () => stage.paced(() => subject.snapshot('warm', { ...within(stage), memory: true })),
    'with its memory',
  )
}

/** An unchanged image that was cleaned and booted again would only show once more what its first boot has shown. */
function isReadyAtFirstBoot({ plan }: CellStage): boolean {
  const { needs, checks } = plan
  const asOf = checks.some(({ phase }) => phase === 'after-reboot')
  return plan.cell.agentSource.kind === 'none' && needs.live && !needs.snapshot && !needs.warm && !asOf
}

/** Launches a second machine of the same image, unmodified. */
export async function preparePair(
  stage: CellStage,
  machines: CellMachines,
  imageId: string,
  prepared: Prepared,
): Promise<void> {
  await stage.step('pair', async () => {
    const pair = await machines.launch('pair', imageId)
    prepared.pair = pair
    await pair.waitUntilReady(within(stage))
    prepared.pairFacts = await gatherInto(stage, pair, { subject: 'image', phase: 'first-boot', file: 'image-pair' })
  })
}

async function upgrade(stage: CellStage, subject: Instance, source: AgentSource): Promise<void> {
  const { cell } = stage.plan
  const onProgress = (line: string) =>
    stage.emit({ type: 'step-progress', step: 'upgrade', line: cleanText(line).slice(0, 200) })
  const result = await upgradeAgent(subject, findAgent(cell.agentName), source, {
    signal: stage.signal,
    onProgress,
    ...(cell.environment ? { environment: cell.environment } : {}),
  })
  const path = join(stage.dir, 'logs', 'upgrade.log')
  await mkdir(join(stage.dir, 'logs'), { recursive: true })
  await writeFile(path, withoutSecrets(result.log))
  stage.emit({
    type: 'log-collected',
    file: relative(stage.run.runDir, path),
    title: 'upgrade of the agent',
    bytes: Buffer.byteLength(result.log),
    truncated: false,
  })
  stage.emit({ type: 'agent-upgraded', from: result.from, to: result.to, source: formatAgentSource(source) })
  if (!result.changed)
    stage.emit({ type: 'warning', message: `${formatAgentSource(source)} offers no other version than ${result.from}` })
}

function measured(stage: CellStage, subject: Subject, report: BootReport): void {
  const values = Object.fromEntries(Object.entries(report.timings).map(([name, ms]) => [name, Math.round(ms)]))
  stage.emit({ type: 'measured', subject, values })
}

function within(stage: CellStage) {
  return { deadline: `${stage.plan.cell.timeouts.bootMs} ms` as const, signal: stage.signal }
}
