/** A refusal, as the API words it. */
export class ApiError extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }

  /** https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses#handling_api_errors */
  get body(): object {
    const { status: code, reason, message } = this
    return { error: { code, message, errors: [{ message, domain: 'global', reason }], ...STATUS[code] } }
  }
}

const STATUS: Readonly<Record<number, object>> = {
  401: { status: 'UNAUTHENTICATED' },
  503: { status: 'UNAVAILABLE' },
}

export function notFound(what: string): ApiError {
  return new ApiError(404, 'notFound', `The resource '${what}' was not found`)
}

export function invalid(field: string, why: string): ApiError {
  return new ApiError(400, 'invalid', `Invalid value for field '${field}': ${why}`)
}
