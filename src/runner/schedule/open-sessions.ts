import type { Cell } from '../../matrix/cell.ts'
import type { LedgerFile } from '../../platforms/ledger-file.ts'
import { openPlatformNamed } from '../../platforms/open-platform.ts'
import type { Session } from '../../platforms/session.ts'
import { Once, type Sessions } from '../run-context.ts'

/** Signs in to a platform when the first cell needs it, once for each set of options. */
export function openSessions(ledger: LedgerFile): Sessions {
  const open = new Once<Session>()
  const opened: Session[] = []
  return {
    of: (cell: Cell) =>
      open.get(JSON.stringify([cell.platform, cell.platformOptions]), async () => {
        // A later sweep signs in with the same options.
        await ledger.platform(cell.platform, cell.platformOptions)
        const session = await openPlatformNamed(cell.platform, cell.platformOptions, { ledger })
        opened.push(session)
        return session
      }),
    close: async () => {
      await Promise.all(opened.map((session) => session[Symbol.asyncDispose]()))
    },
  }
}
