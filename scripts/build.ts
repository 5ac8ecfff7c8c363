import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

// Node strips no types below node_modules, so what is published is JavaScript.
const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')

rmSync(DIST, { recursive: true, force: true })
execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' })
for (const folder of ['src', 'tests/policy', 'tests/integration']) {
  const assets = globSync(`${folder}/**/*`, { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(ts|md)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
  for (const asset of assets) {
    mkdirSync(dirname(join(DIST, asset)), { recursive: true })
    cpSync(join(ROOT, asset), join(DIST, asset))
  }
}
chmodSync(join(DIST, 'src/cli/main.js'), 0o755)
