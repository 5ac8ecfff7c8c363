/** Names for further disks: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html */
export const DEVICES: readonly string[] = [...'fghijklmnop'].map((letter) => `/dev/sd${letter}`)
