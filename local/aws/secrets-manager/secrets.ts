import { randomInt } from 'node:crypto';
import type { Clock } from '../../../lambdas/tokens/clock.ts';
import { accessDenied, noRoom, notFound, ServiceError, validationException } from './errors.ts';
import { denies } from './resource-policy.ts';
import { Secret } from './secret.ts';

/** Returns whether this operation is denied on this secret, in place of IAM's decision. */
type Denied = (secretName: string, operation: string) => boolean;

export interface SecretsOptions {
  now: Clock;
  /** The secrets that are there from the start, which are copied. Default: none. */
  from?: Secrets | undefined;
  region?: string;
  /** Twelve digits. */
  accountId?: string;
  denied?: Denied;
  /** State of the KMS key of every secret; usable by default. */
  kmsKey?: () => KmsKeyState;
  /** Whether no secret has room for another version, as after a hundred in a day. Default: they have room. */
  isFull?: () => boolean;
  /** ARN of the caller, which resource policies compare. */
  caller?: () => string;
}

/** `disabled` also stands for a key that is scheduled for deletion; `denied` is a key policy without the caller. */
export type KmsKeyState = 'usable' | 'disabled' | 'denied';

const NAME = /^[A-Za-z0-9/_+=.@-]+$/;
const ALPHANUMERICS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Every secret of one account and Region. A secret is gone once its recovery window has passed. */
export class Secrets {
  readonly #now: Clock;
  readonly #denied: Denied;
  readonly #arnPrefix: string;
  readonly #region: string;
  readonly #kmsKey: () => KmsKeyState;
  readonly #isFull: () => boolean;
  readonly #caller: () => string;
  readonly #byName = new Map<string, Secret>();

  constructor({
    now,
    from,
    region = 'us-east-1',
    accountId = '123456789012',
    denied = () => false,
    kmsKey = () => 'usable',
    isFull = () => false,
    caller = () => `arn:aws:iam::${accountId}:user/local`,
  }: SecretsOptions) {
    this.#now = now;
    this.#denied = denied;
    this.#kmsKey = kmsKey;
    this.#isFull = isFull;
    this.#caller = caller;
    this.#region = region;
    this.#arnPrefix = `arn:aws:secretsmanager:${region}:${accountId}:secret:`;
    for (const secret of from?.all() ?? []) this.#byName.set(secret.name, secret.copy());
  }

  /** Oldest first. */
  all(): Secret[] {
    return [...this.#byName.keys()].flatMap((name) => this.named(name) ?? []);
  }

  named(name: string): Secret | undefined {
    const secret = this.#byName.get(name);
    if (!secret?.deletion || secret.deletion.at > this.#now()) return secret;
    this.#byName.delete(name);
    return undefined;
  }

  add(name: string): Secret {
    // Because of the random suffix, a policy for a deleted secret does not apply to a later one of the same name.
    const suffix = Array.from({ length: 6 }, () => ALPHANUMERICS[randomInt(ALPHANUMERICS.length)]).join('');
    const secret = new Secret(`${this.#arnPrefix}${name}-${suffix}`, name, this.#now());
    this.#byName.set(name, secret);
    return secret;
  }

  remove(secret: Secret): void {
    this.#byName.delete(secret.name);
  }

  /**
   * @param id a name, an ARN, or an ARN without its random suffix
   * @throws {ServiceError} AccessDeniedException, ValidationException
   */
  lookUp(id: string, operation: string): Secret | undefined {
    const isArn = id.startsWith('arn:');
    const secret = isArn ? this.#withArn(id) : this.named(assertName(id));
    const name = secret?.name ?? (isArn ? undefined : id);
    if (name !== undefined) this.assertAllowed(name, operation);
    if (secret) this.#assertNotDeniedByPolicy(secret, operation);
    return secret;
  }

  /** @throws {ServiceError} ResourceNotFoundException, and as `lookUp` */
  get(id: string, operation: string): Secret {
    const secret = this.lookUp(id, operation);
    if (!secret) throw notFound('secret.');
    return secret;
  }

  assertAllowed(name: string, operation: string): void {
    if (!this.#denied(name, operation)) return;
    const action = `secretsmanager:${operation}`;
    throw accessDenied(
      `User is not authorized to perform: ${action} on resource: ${name} because no identity-based policy allows the ${action} action`,
    );
  }

  /** @throws {ServiceError} LimitExceededException */
  assertRoom(): void {
    if (this.#isFull()) throw noRoom();
  }

  /**
   * Asserts that the KMS key can decrypt or encrypt a value.
   * https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
   */
  assertKeyUsable(use: 'decrypt' | 'encrypt'): void {
    const state = this.#kmsKey();
    if (state === 'denied') throw accessDenied('Access to KMS is not allowed');
    if (state === 'disabled' && use === 'decrypt') {
      throw new ServiceError(
        'DecryptionFailure',
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
      );
    }
    if (state === 'disabled') {
      throw new ServiceError(
        'EncryptionFailure',
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.",
      );
    }
  }

  #assertNotDeniedByPolicy({ policy, arn }: Secret, operation: string): void {
    if (policy === undefined) return;
    const principal = this.#caller();
    const account = principal.split(':')[4] ?? '';
    const keys = {
      'aws:principalarn': principal,
      'aws:principalaccount': account,
      'aws:requestedregion': this.#region,
    };
    if (!denies(policy, { operation, principal, resource: arn, keys })) return;
    throw accessDenied(
      `User: ${principal} is not authorized to perform: secretsmanager:${operation} on resource: ${arn} with an explicit deny in a resource-based policy`,
    );
  }

  /** Returns the identity with which a forced deletion of an unknown secret responds. */
  unknown(id: string): { ARN: string; Name: string } {
    const isArn = id.startsWith('arn:');
    return {
      ARN: isArn ? id : `${this.#arnPrefix}${id}`,
      Name: isArn ? id.split(':').slice(6).join(':') : id,
    };
  }

  /**
   * Removes the random suffix of an ARN. A partial ARN whose name ends like such a suffix is cut too, and finds nothing,
   * as at AWS.
   */
  #withArn(arn: string): Secret | undefined {
    if (!arn.startsWith(this.#arnPrefix)) return undefined;
    const end = arn.slice(this.#arnPrefix.length);
    if (!/-[A-Za-z0-9]{6}$/.test(end)) return this.named(end);
    const secret = this.named(end.slice(0, -7));
    return secret?.arn === arn ? secret : undefined;
  }
}

/** @throws {ServiceError} ValidationException */
export function assertName(name: string): string {
  if (NAME.test(name)) return name;
  throw validationException(
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );
}
