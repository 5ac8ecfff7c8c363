import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Machine } from '../../instance/machine.ts'
import type { Status } from '../../results/status.ts'
import type { CellStage } from './cell-stage.ts'

/** First bytes of the pictures that browsers show, as latin1. */
const SHAPES: readonly (readonly [begin: string, extension: string])[] = [
  ['\u00FF\u00D8\u00FF', 'jpg'],
  ['\u0089PNG\r\n', 'png'],
  ['BM', 'bmp'],
]
const MAX_BYTES = 16 * 1024 * 1024

interface Stage extends Pick<CellStage, 'emit'> {
  readonly failures: readonly unknown[]
  readonly records: readonly { status: Status }[]
  readonly run: { runDir: string }
}

/** Keeps a picture of the screen beside the logs of a machine, where something failed and the platform can take one. Never rejects. */
export async function keepScreenshot(
  stage: Stage,
  { name, machine }: { name: string; machine: Pick<Machine, 'screenshot'> },
  dir: string,
): Promise<void> {
  if (!machine.screenshot || !hasFailed(stage)) return
  try {
    const picture = Buffer.from(await machine.screenshot())
    const extension = SHAPES.find(([begin]) => picture.subarray(0, begin.length).toString('latin1') === begin)?.[1]
    if (extension === undefined || picture.length > MAX_BYTES)
      throw new Error(`${picture.length} bytes that are no picture`)
    const path = join(dir, `screen.${extension}`)
    await mkdir(dir, { recursive: true })
    await writeFile(path, picture)
    const file = relative(stage.run.runDir, path)
    stage.emit({ type: 'log-collected', file, title: 'screen', bytes: picture.length, truncated: false })
  } catch (error) {
    stage.emit({ type: 'warning', message: `the screen of ${name} could not be kept: ${(error as Error).message}` })
  }
}

function hasFailed({ failures, records }: Stage): boolean {
  return failures.length > 0 || records.some(({ status }) => ['fail', 'error', 'miss'].includes(status))
}
