/** Config key of an instance with the control socket of its metadata service. */
export const CONTROL_KEY = 'user.harness.imds'
