/** Answers of the API of GitHub, for scripts of workflows. */
export interface GithubApi {
  /** JSON below the repository of the workflow, for example `/pulls/1`. @throws Error with the status */
  get(path: string): Promise<unknown>
  /** What a path answers with, at most `maxBytes` of it. @throws Error when it is more */
  download(path: string, maxBytes: number): Promise<Buffer>
}

const DEADLINE_MS = 60_000

/** The API with the token of the job. */
export function githubApi(env: NodeJS.ProcessEnv): GithubApi {
  const base = `${env['GITHUB_API_URL'] ?? 'https://api.github.com'}/repos/${required(env, 'GITHUB_REPOSITORY')}`
  const ask = async (path: string) => {
    const response = await fetch(`${base}${path}`, {
      headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${required(env, 'GH_TOKEN')}` },
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    if (!response.ok) throw new Error(`${path} answers ${response.status}`)
    return response
  }
  return {
    get: async (path) => await (await ask(path)).json(),
    async download(path, maxBytes) {
      const chunks: Uint8Array[] = []
      let bytes = 0
      for await (const chunk of (await ask(path)).body ?? []) {
        bytes += chunk.length
        if (bytes > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    },
  }
}

/** A variable that the workflow must set. @throws Error naming it */
export function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}
