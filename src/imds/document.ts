import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { CLOUD_NAMES } from './cloud.ts'
import type { Cloud } from './cloud.ts'
import { macOf, userDataBytes } from './derived.ts'

const address = z.string().min(2)

const nic = z.strictObject({
  /** Lower case, with colons. */
  mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
  ipv4: z.strictObject({
    address: z.ipv4(),
    prefix: z.int().min(1).max(32),
    gateway: z.ipv4().optional(),
    /** Further addresses of the same network. */
    secondary: z.array(z.ipv4()).optional(),
    public: z.ipv4().optional(),
  }),
  ipv6: z
    .strictObject({
      addresses: z.array(z.ipv6()).min(1),
      prefix: z.int().min(1).max(128),
      gateway: z.ipv6().optional(),
    })
    .optional(),
})

const documentSchema = z.strictObject({
  cloud: z.enum(CLOUD_NAMES),
  /** As the cloud writes ids: `i-0abc...`, a number, an OCID. */
  id: z.string().min(1),
  /** Of the firmware. */
  uuid: z.uuid(),
  hostname: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/),
  instanceType: z.string().min(1),
  region: z.string().min(1),
  zone: z.string().min(1),
  imageId: z.string().min(1),
  /** Account, project, subscription or compartment. */
  account: z.string().min(1),
  /** The user the cloud creates or names. */
  user: z.string().min(1),
  sshKeys: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
  userData: z.string().optional(),
  /** `userData` is base64 of what it means; for bytes that are no text. */
  userDataBase64: z.boolean().optional(),
  vendorData: z.string().optional(),
  nics: z.array(nic).min(1),
  dns: z.array(address),
  /** The older, unauthenticated way is refused: IMDSv1 of EC2 and Oracle. */
  tokensRequired: z.boolean(),
  /** Administrator's password, where a cloud hands one over. */
  password: z.string().optional(),
})

export type Nic = z.infer<typeof nic>

/** What a metadata service knows of one instance. Plain data; every answer is computed from it. */
export type InstanceDocument = z.infer<typeof documentSchema>

/** Changes to a document; what is not named stays, lists are replaced. */
export type DocumentChange = Partial<Omit<InstanceDocument, 'cloud'>>

/** Checks data from a file or a request. @throws ConfigError naming the key */
export function checkDocument(value: unknown): InstanceDocument {
  const result = documentSchema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new ConfigError(`bad instance document: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`)
}

/** Applies a change. @throws ConfigError when the result is no document */
export function changeDocument(document: InstanceDocument, change: DocumentChange): InstanceDocument {
  return checkDocument({ ...document, ...change })
}

const DEFAULTS = {
  ec2: {
    instanceType: 't3.micro',
    region: 'eu-west-1',
    zone: 'eu-west-1a',
    account: '123456789012',
    imageId: 'ami-0123456789abcdef0',
  },
  gce: {
    instanceType: 'e2-micro',
    region: 'europe-west1',
    zone: 'europe-west1-b',
    account: 'example-project',
    imageId: 'debian-image',
  },
  azure: {
    instanceType: 'Standard_B1s',
    region: 'westeurope',
    zone: '1',
    account: '00000000-1111-4222-8333-444444444444',
    imageId: 'debian-image',
  },
  openstack: {
    instanceType: 'm1.small',
    region: 'RegionOne',
    zone: 'nova',
    account: 'f7ac731cc11f40efbc03a9f9e1d1d21f',
    imageId: 'ami-00000001',
  },
  oracle: {
    instanceType: 'VM.Standard.E4.Flex',
    region: 'eu-frankfurt-1',
    zone: 'EMIr:EU-FRANKFURT-1-AD-1',
    account: 'ocid1.compartment.oc1..aaaaexample',
    imageId: 'ocid1.image.oc1.eu-frankfurt-1.aaaaexample',
  },
  hetzner: { instanceType: 'cx22', region: 'eu-central', zone: 'fsn1-dc14', account: 'example', imageId: 'debian' },
  digitalocean: { instanceType: 's-1vcpu-1gb', region: 'fra1', zone: 'fra1', account: 'example', imageId: 'debian' },
  vultr: { instanceType: 'vc2-1c-1gb', region: 'FRA', zone: 'fra', account: 'example', imageId: 'debian' },
  'nocloud-net': { instanceType: 'none', region: 'none', zone: 'none', account: 'none', imageId: 'none' },
} as const

/**
 * The document of a new instance: what the caller knows, and defaults for the rest.
 * @param seed same seed, same ids
 * @throws ConfigError when user-data are larger than the cloud takes
 */
export function newDocument(cloud: Cloud, seed: string, known: DocumentChange = {}): InstanceDocument {
  const bytes = createHash('sha256').update(`${cloud.name} ${seed}`).digest()
  const { id, uuid } = cloud.ids(bytes)
  const document = checkDocument({
    ...DEFAULTS[cloud.name],
    cloud: cloud.name,
    id,
    uuid,
    hostname: 'guest',
    user: 'debian',
    sshKeys: [],
    tags: {},
    nics: [{ mac: macOf(bytes, 0), ipv4: { address: '10.0.0.10', prefix: 24, gateway: '10.0.0.1' } }],
    dns: ['10.0.0.1'],
    tokensRequired: true,
    ...known,
  })
  const size = userDataBytes(document)?.length ?? 0
  if (size > cloud.userDataLimit) {
    throw new ConfigError(
      `user-data of ${size} bytes are more than the ${cloud.userDataLimit} that ${cloud.title} takes`,
      {
        hint: 'compress them, or fetch the rest with #include',
      },
    )
  }
  return document
}
