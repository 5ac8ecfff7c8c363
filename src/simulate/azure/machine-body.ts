import { z } from 'zod'
import { invalid } from './api-error.ts'

const id = z.looseObject({ id: z.string() })
/** Words of the API are told apart without regard to case, and older clients write numbers and truth as text. */
const word = <const Word extends string>(words: readonly [Word, ...Word[]]) =>
  z.preprocess(
    (value) => words.find((one) => typeof value === 'string' && one.toLowerCase() === value.toLowerCase()) ?? value,
    z.enum(words),
  )
const truth = z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean())
const deleteOption = z.enum(['Delete', 'Detach']).optional()
const storageType = z.enum([
  'Standard_LRS',
  'StandardSSD_LRS',
  'StandardSSD_ZRS',
  'Premium_LRS',
  'Premium_ZRS',
  'PremiumV2_LRS',
  'UltraSSD_LRS',
])
const managedDisk = z.strictObject({ id: z.string().optional(), storageAccountType: storageType.optional() }).optional()
const imageReference = z.strictObject({
  id: z.string().optional(),
  publisher: z.string().optional(),
  offer: z.string().optional(),
  sku: z.string().optional(),
  version: z.string().optional(),
  exactVersion: z.string().optional(),
  communityGalleryImageId: z.string().optional(),
  sharedGalleryImageId: z.string().optional(),
})

/**
 * The properties of a machine that are understood here, after
 * https://learn.microsoft.com/en-us/rest/api/compute/virtual-machines/create-or-update; what is not among them is refused.
 */
const propertiesSchema = z.strictObject({
  hardwareProfile: z.strictObject({ vmSize: z.string() }),
  storageProfile: z.strictObject({
    imageReference: imageReference.optional(),
    osDisk: z.strictObject({
      name: z.string().optional(),
      osType: z.string().optional(),
      createOption: word(['FromImage', 'Attach', 'Empty']),
      deleteOption,
      caching: z.string().optional(),
      diskSizeGB: z.number().optional(),
      managedDisk,
    }),
    dataDisks: z
      .array(
        z.looseObject({
          lun: z.int(),
          name: z.string().optional(),
          createOption: word(['Empty', 'Attach', 'FromImage']),
          deleteOption,
          diskSizeGB: z.number().optional(),
          managedDisk,
        }),
      )
      .optional(),
  }),
  osProfile: z
    .looseObject({
      computerName: z.string().max(64),
      adminUsername: z.string().regex(/^(?!admin$|root$|administrator$)[a-z_][a-z0-9_-]{0,63}$/),
      linuxConfiguration: z
        .looseObject({
          disablePasswordAuthentication: truth.optional(),
          ssh: z
            .strictObject({ publicKeys: z.array(z.strictObject({ path: z.string(), keyData: z.string().min(40) })) })
            .optional(),
        })
        .optional(),
    })
    .optional(),
  networkProfile: z.strictObject({
    networkApiVersion: z.enum(['2020-11-01', '2022-11-01']).optional(),
    networkInterfaces: z.array(id).optional(),
    networkInterfaceConfigurations: z
      .array(
        z.strictObject({
          name: z.string(),
          tags: z.record(z.string(), z.string()).optional(),
          properties: z.strictObject({
            primary: z.boolean().optional(),
            deleteOption,
            networkSecurityGroup: id.optional(),
            ipConfigurations: z.array(
              z.strictObject({
                name: z.string(),
                properties: z.strictObject({
                  primary: z.boolean().optional(),
                  subnet: id,
                  privateIPAddressVersion: z.enum(['IPv4', 'IPv6']).optional(),
                  publicIPAddressConfiguration: z
                    .strictObject({
                      name: z.string(),
                      tags: z.record(z.string(), z.string()).optional(),
                      sku: z.strictObject({
                        name: z.enum(['Basic', 'Standard']),
                        tier: z.enum(['Regional', 'Global']),
                      }),
                      properties: z.strictObject({
                        deleteOption,
                        publicIPAllocationMethod: z.enum(['Static', 'Dynamic']).optional(),
                        publicIPAddressVersion: z.enum(['IPv4', 'IPv6']).optional(),
                      }),
                    })
                    .optional(),
                }),
              }),
            ),
          }),
        }),
      )
      .optional(),
  }),
  diagnosticsProfile: z
    .strictObject({ bootDiagnostics: z.strictObject({ enabled: z.boolean(), storageUri: z.string().optional() }) })
    .optional(),
  securityProfile: z
    .strictObject({
      securityType: z.enum(['TrustedLaunch', 'ConfidentialVM', 'Standard']).optional(),
      uefiSettings: z.strictObject({ secureBootEnabled: z.boolean(), vTpmEnabled: z.boolean() }).optional(),
    })
    .optional(),
  priority: z.enum(['Regular', 'Low', 'Spot']).optional(),
  evictionPolicy: z.enum(['Deallocate', 'Delete']).optional(),
  billingProfile: z.strictObject({ maxPrice: z.number() }).optional(),
  userData: z.base64().optional(),
})

export type MachineProperties = z.infer<typeof propertiesSchema>

const MAX_USER_DATA = 65_536

/** @throws ApiError naming what is wrong */
export function readMachine(properties: unknown): MachineProperties {
  const result = propertiesSchema.safeParse(properties)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw invalid(`The value of parameter ${issue?.path.join('.')} is invalid: ${issue?.message}`)
  }
  if (Buffer.from(result.data.userData ?? '', 'base64').length > MAX_USER_DATA)
    throw invalid('The value of parameter userData is invalid: it is larger than 64 KB.')
  return result.data
}
