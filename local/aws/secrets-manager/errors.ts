/** An error that Secrets Manager returns: HTTP 400, with `type` as `__type`. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export const validationException = (message: string) => new ServiceError('ValidationException', message);
export const invalidParameter = (message: string) => new ServiceError('InvalidParameterException', message);
export const invalidRequest = (message: string) => new ServiceError('InvalidRequestException', message);
export const notFound = (what: string) =>
  new ServiceError('ResourceNotFoundException', `Secrets Manager can't find the specified ${what}`);
export const resourceExists = (message: string) => new ServiceError('ResourceExistsException', message);
export const limitExceeded = (message: string) => new ServiceError('LimitExceededException', message);
export const accessDenied = (message: string) => new ServiceError('AccessDeniedException', message);
export const noRoom = () =>
  limitExceeded(
    'The request failed because it would exceed one of the Secrets Manager quotas: a secret can have about 100 versions, and none that is younger than 24 hours is removed.',
  );
