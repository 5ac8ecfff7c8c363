import { join } from 'node:path'
import { archiveContract } from './archive-contract.ts'
import { testArchive } from './test-archive.ts'

archiveContract({ make: testArchive, newDatabase: async (folder) => join(folder, 'fresh.db') })
