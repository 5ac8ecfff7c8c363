import { escapeXml, notFound, refuse, text, xml } from './answers.ts'
import type { Answer, ImdsContext, ImdsRequest } from './cloud.ts'

/** Address of the wire server, the same in every region. */
export const WIRE_ADDRESS = '168.63.129.16'
const VERSIONS = [
  '2015-04-05',
  '2012-11-30',
  '2012-09-15',
  '2012-05-15',
  '2011-12-31',
  '2011-10-15',
  '2011-08-31',
  '2011-04-07',
  '2010-12-15',
  '2010-28-10',
]
/** Name under which health reports are kept, followed by a number. */
const HEALTH = 'health/'

/** Every request but the list of versions must name a version that the server speaks. */
export function wireGuard(request: ImdsRequest): Answer | undefined {
  if (request.method !== 'GET' && request.method !== 'POST')
    return refuse(405, 'Method Not Allowed', { allow: 'GET, POST' })
  const what = request.query.get('comp')
  if (request.path === '/' && what?.toLowerCase() === 'versions') return undefined
  const version = request.headers['x-ms-version']
  if (version === undefined || !VERSIONS.includes(version))
    return { ...xml(fault('MissingRequiredHeader', 'x-ms-version')), status: 400 }
  return undefined
}

export function wireAnswer(request: ImdsRequest, context: ImdsContext): Answer {
  const path = request.path.replace(/\/$/, '')
  const what = request.query.get('comp')?.toLowerCase()
  if (path === '' && what === 'versions' && request.method === 'GET') return xml(versions())
  if (path !== '/machine') return notFound()
  if (what === 'goalstate' && request.method === 'GET') return xml(goalState(context))
  if (what === 'health' && request.method === 'POST') return health(request, context)
  return notFound()
}

/** What the guest told of itself, in order. */
export interface HealthReport {
  /** `Ready`, or `NotReady` with the reason. */
  state: string
  description?: string
}

/** The health reports among the things a service has kept. */
export function healthReports(kept: Iterable<readonly [string, string]>): HealthReport[] {
  return [...kept]
    .filter(([name]) => name.startsWith(HEALTH))
    .map(([, body]) => {
      const description = element(body, 'Description')
      return { state: element(body, 'State') ?? '', ...(description === undefined ? {} : { description }) }
    })
}

function health(request: ImdsRequest, context: ImdsContext): Answer {
  const { body } = request
  const { container, instance } = idsOf(context)
  const state = element(body, 'State')
  if (!/xml/.test(request.headers['content-type'] ?? '') || (state !== 'Ready' && state !== 'NotReady'))
    return { ...xml(fault('InvalidInput', 'body')), status: 400 }
  if (element(body, 'ContainerId') !== container || element(body, 'InstanceId') !== instance)
    return { ...xml(fault('ResourceNotFound', 'container')), status: 404 }
  const number = [...context.kept.keys()].filter((name) => name.startsWith(HEALTH)).length + 1
  return { ...text(''), keep: { name: `${HEALTH}${number}`, value: body } }
}

function versions(): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<Versions xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><Preferred><Version>2015-04-05</Version></Preferred><Supported>${VERSIONS.map((version) => `<Version>${version}</Version>`).join('')}</Supported></Versions>`
}

function goalState(context: ImdsContext): string {
  const { container, instance } = idsOf(context)
  return `<?xml version="1.0" encoding="utf-8"?>\n<GoalState xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xsi:noNamespaceSchemaLocation="goalstate10.xsd"><Version>2012-11-30</Version><Incarnation>1</Incarnation><Machine><ExpectedState>Started</ExpectedState><StopRolesDeadlineHint>300000</StopRolesDeadlineHint></Machine><Container><ContainerId>${container}</ContainerId><RoleInstanceList><RoleInstance><InstanceId>${escapeXml(instance)}</InstanceId><State>Started</State></RoleInstance></RoleInstanceList></Container></GoalState>`
}

function idsOf({ document }: ImdsContext) {
  return { container: document.uuid, instance: `${document.uuid}._${document.hostname}` }
}

function fault(code: string, detail: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<Error xmlns="http://schemas.microsoft.com/windowsazure"><Code>${code}</Code><Message>${escapeXml(detail)}</Message></Error>`
}

/** Content of the first element of a name; reports are flat enough for that. */
function element(body: string, name: string): string | undefined {
  const start = body.indexOf(`<${name}>`)
  const end = body.indexOf(`</${name}>`)
  return start < 0 || end < start ? undefined : body.slice(start + name.length + 2, end).trim()
}
