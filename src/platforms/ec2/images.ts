import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { PlatformImage } from '../platform.ts'
import { knownDistributions, lookupOf, parameterOf, userOf } from './catalogue.ts'
import type { Ec2Client, Filter, Image } from './client.ts'

/** An image with what decides where it can run. */
export interface FoundImage extends PlatformImage {
  /** `uefi`, `legacy-bios` or `uefi-preferred`; undefined where the image does not say. */
  bootMode: string | undefined
  rootDevice: string
  diskGiB: number | undefined
  user: string | undefined
  /** How it is found in another region, where it has another id. */
  elsewhere: { owner: string; name: string } | undefined
}

/**
 * Finds an image: `ami-...`, a release such as `debian-13`, newest first, with `daily:` before it the newest daily build;
 * `ssm:debian-13` or `ssm:/aws/service/...` by a parameter of Systems Manager, or the name of an image of this account.
 * @throws PlatformError not-found
 */
export async function findImage(
  client: Ec2Client,
  reference: string,
  architecture: string | undefined,
  waiting: CallWaiting,
): Promise<FoundImage> {
  const parameter = parameterOf(reference, architecture)
  if (parameter !== undefined) return byParameter(parameter, reference.slice('ssm:'.length), architecture)
  if (/^ami-[0-9a-f]+$/.test(reference)) {
    const doing = `looking for the image ${reference}`
    const { Images } = await client.call(doing, waiting, (ec2, options) =>
      ec2.describeImages({ ImageIds: [reference] }, options),
    )
    return described(present(Images?.[0], reference), undefined)
  }
  const lookup = lookupOf(reference, architecture)
  const found = lookup
    ? await newest(client, [lookup.owner], lookup.name, waiting)
    : await newest(client, ['self'], reference, waiting)
  return described(present(found, lookup ? `${reference} (${lookup.name} of ${lookup.owner})` : reference), lookup)
}

/** The same image in another region. @throws PlatformError not-found */
export async function findElsewhere(client: Ec2Client, image: FoundImage, waiting: CallWaiting): Promise<FoundImage> {
  if (!image.elsewhere) return image
  const { owner, name } = image.elsewhere
  const found = await newest(client, [owner], name, waiting)
  return { ...image, ...described(present(found, `${name} in ${client.region}`), image) }
}

async function newest(
  client: Ec2Client,
  owners: string[],
  name: string,
  waiting: CallWaiting,
): Promise<Image | undefined> {
  const Filters: Filter[] = [
    { Name: 'name', Values: [name] },
    { Name: 'state', Values: ['available'] },
  ]
  const images = await client.list(
    `looking for the image ${name}`,
    waiting,
    (ec2, page, options) => ec2.describeImages({ Owners: owners, Filters, ...page }, options),
    ({ Images }) => Images,
  )
  return images.sort((a, b) => (b.CreationDate ?? '').localeCompare(a.CreationDate ?? ''))[0]
}

function present(image: Image | undefined, what: string): Image {
  if (image) return image
  throw new PlatformError('not-found', `EC2 has no image ${what}`, {
    hint: `write DISTRIBUTION-RELEASE (${knownDistributions().join(', ')}), ami-ID, ssm:PARAMETER or the name of an image of this account`,
    cause: new Error(`no image ${what}`),
  })
}

/** RunInstances looks the parameter up by itself; what the image is can only be told from the words. */
function byParameter(parameter: string, words: string, architecture: string | undefined): FoundImage {
  const said = lookupOf(words, architecture)
  return {
    id: `resolve:ssm:${parameter}`,
    digest: undefined,
    distribution: said?.distribution ?? '',
    release: said?.release ?? '',
    architecture: architecture ?? (/arm64|aarch64/.test(parameter) ? 'arm64' : 'amd64'),
    variant: 'default',
    description: parameter,
    bootMode: undefined,
    rootDevice: '/dev/xvda',
    diskGiB: undefined,
    user: said?.user,
    elsewhere: undefined,
  }
}

function described(
  image: Image,
  known: { distribution: string; release: string; user?: string | undefined } | undefined,
): FoundImage {
  const { ImageId = '', Name = '', OwnerId = '', Tags = [], BlockDeviceMappings = [] } = image
  const tag = (key: string) => Tags.find(({ Key }) => Key === key)?.Value
  const root = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === image.RootDeviceName)?.Ebs
  const [, named = '', release = ''] = /^([a-z]+)-(\d[\d.]*)/.exec(Name) ?? []
  const distribution = known?.distribution ?? tag('harness:distribution') ?? named
  return {
    id: ImageId,
    digest: root?.SnapshotId,
    distribution,
    release: known?.release ?? tag('harness:release') ?? release,
    architecture: image.Architecture === 'arm64' ? 'arm64' : 'amd64',
    variant: 'default',
    description: Name,
    bootMode: image.BootMode,
    rootDevice: image.RootDeviceName ?? '/dev/xvda',
    diskGiB: root?.VolumeSize,
    user: known?.user ?? tag('harness:user') ?? userOf({ distribution, owner: OwnerId }),
    elsewhere: Name === '' ? undefined : { owner: OwnerId, name: Name },
  }
}

/** How a machine of a type would boot an image, where both say. */
export function bootOf(image: FoundImage, supported: readonly string[]): 'uefi' | 'bios' | undefined {
  const { bootMode } = image
  if (bootMode === 'uefi') return 'uefi'
  if (bootMode === 'uefi-preferred') return supported.includes('uefi') ? 'uefi' : 'bios'
  // An image that says nothing boots as the type does by default: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-boot.html
  if (bootMode === undefined && image.architecture === 'arm64') return 'uefi'
  return bootMode === undefined && image.id.startsWith('resolve:') ? undefined : 'bios'
}

/** @throws UnsupportedError when the machine would boot in another way than was asked for */
export function checkBoot(
  image: FoundImage,
  supported: readonly string[],
  wanted: string | undefined,
  type: string,
): void {
  const boots = bootOf(image, supported)
  if (wanted === undefined || boots === undefined || boots === wanted) return
  throw new UnsupportedError(`${image.description} on ${type} boots by ${boots}, not by ${wanted}`, {
    hint: 'EC2 takes the boot mode from the image and the type: choose another of them, or leave boot out',
  })
}
