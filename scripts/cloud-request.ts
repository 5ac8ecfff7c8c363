// Reads a maintainer's `/cells` comment, asks GitHub whether it may be followed, and prints outputs for the workflow.
import { type GithubApi, githubApi, required } from './github-api.ts'

export interface CloudRequest {
  platform: string
  filter: string
  commit: string
}

const PLATFORMS = ['ec2', 'azure', 'gce']
const MAY_ASK = ['admin', 'maintain', 'write']
const USAGE = `write \`/cells platform=${PLATFORMS.join('|')} [filter=GLOB] @COMMIT\`, with all 40 digits of the commit`

/** What a comment asks for. Its words are the only thing that is taken from it. @throws Error saying how to write it */
export function parseRequest(comment: string): CloudRequest {
  const [line = ''] = comment.split(/\r?\n/)
  const [command, ...words] = line.trim().split(/ +/)
  if (command !== '/cells') throw new Error(USAGE)
  const request: CloudRequest = { platform: '', filter: '', commit: '' }
  for (const word of words) {
    const [, commit] = /^@([0-9a-f]{40})$/.exec(word) ?? []
    const [, platform] = /^platform=(\w+)$/.exec(word) ?? []
    const [, filter] = /^filter=([A-Za-z0-9._*/-]{1,100})$/.exec(word) ?? []
    if (commit && !request.commit) request.commit = commit
    else if (platform && PLATFORMS.includes(platform) && !request.platform) request.platform = platform
    else if (filter && !request.filter) request.filter = filter
    else throw new Error(`"${word.slice(0, 100)}" is not understood; ${USAGE}`)
  }
  if (!request.commit || !request.platform) throw new Error(USAGE)
  return request
}

/** Whether the head of an open pull request is still the commit. @throws Error when it is not */
export async function requireHead(api: GithubApi, pullRequest: string, commit: string): Promise<void> {
  const { state, head } = (await api.get(`/pulls/${Number(pullRequest)}`)) as { state: string; head: { sha: string } }
  if (state !== 'open') throw new Error(`the pull request is ${state}`)
  if (head.sha !== commit)
    throw new Error(`the head is ${head.sha} now; ${commit} was asked for, and what came after it was not`)
}

/** What the workflow needs to know. @throws Error when the request is not followed */
export async function decide(
  api: GithubApi,
  asked: { author: string; comment: string; pullRequest: string },
): Promise<Record<string, string>> {
  const request = parseRequest(asked.comment)
  if (!/^[A-Za-z0-9-]{1,39}(\[bot\])?$/.test(asked.author)) throw new Error('the author has no name')
  // What a comment says of its author is about the organisation, not about this repository.
  const { permission } = (await api.get(`/collaborators/${asked.author}/permission`)) as { permission: string }
  if (!MAY_ASK.includes(permission)) throw new Error(`${asked.author} may not ask for this: permission ${permission}`)
  await requireHead(api, asked.pullRequest, request.commit)
  return { ...request, ...(await findPackage(api, request.commit)) }
}

interface Artifact {
  id: number
  expired: boolean
  digest?: string
}

/** The package that the pull request built of that very commit, if it builds one. */
async function findPackage(api: GithubApi, commit: string): Promise<{ package: string; 'package-digest': string }> {
  const none = { package: '', 'package-digest': '' }
  const query = `event=pull_request&status=success&head_sha=${commit}`
  const { workflow_runs: runs } = (await api.get(`/actions/workflows/pull-request.yml/runs?${query}`)) as {
    workflow_runs: { id: number; head_sha: string }[]
  }
  const run = runs.find(({ head_sha }) => head_sha === commit)
  if (!run) throw new Error('the checks of this commit have not passed; ask again when they have')
  const { artifacts } = (await api.get(`/actions/runs/${run.id}/artifacts?name=package`)) as { artifacts: Artifact[] }
  const artifact = artifacts.find(({ expired }) => !expired)
  if (!artifact) return none
  const [, digest] = /^sha256:([0-9a-f]{64})$/.exec(artifact.digest ?? '') ?? []
  if (!digest) throw new Error('the package of this commit has no digest')
  return { package: String(artifact.id), 'package-digest': digest }
}

if (import.meta.main) {
  const { env } = process
  const asked = {
    author: required(env, 'AUTHOR'),
    comment: required(env, 'COMMENT'),
    pullRequest: required(env, 'PULL_REQUEST'),
  }
  for (const [name, value] of Object.entries(await decide(githubApi(env), asked))) console.log(`${name}=${value}`)
}
