import { Failure, type FailureCode } from '../tokens/errors.ts';

const DEPLOY_AGAIN =
  'Deploy again: npx cdk deploy. If the error persists, check who changed the policies of the function or the secret.';

/** Returns the name of the error that an AWS service returned, such as `ResourceNotFoundException`. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

/** Returns whether the function lacks a permission. IAM calls this `AccessDenied`, others `AccessDeniedException`. */
export const isAccessDenied = (error: unknown): boolean => /^AccessDenied/.test(errorName(error));

/** Returns whether the resource does not exist. IAM calls this `NoSuchEntity`, others `ResourceNotFoundException`. */
export const isNotFound = (error: unknown): boolean =>
  /^(ResourceNotFound|NoSuchEntity)/.test(errorName(error));

/** Error for a permission that the function lacks. */
export const accessDenied = (code: FailureCode, message: string, action = DEPLOY_AGAIN): Failure =>
  new Failure('misconfigured', code, message, action);
