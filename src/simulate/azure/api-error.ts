/** A refusal, as Azure Resource Manager words it. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }

  /** https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#handling-errors */
  get body(): object {
    return { error: { code: this.code, message: this.message } }
  }
}

export function notFound(id: string): ApiError {
  return new ApiError(404, 'ResourceNotFound', `The Resource '${id}' was not found.`)
}

export function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameter', message)
}
