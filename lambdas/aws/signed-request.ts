import { SignatureV4 } from '@smithy/signature-v4';
import type { Fetch } from '../tokens/apis/http.ts';
import { Sha256 } from './client-options.ts';

/** The services, with the variable that replaces the host of each. */
const ENDPOINTS = {
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
  s3: 'AWS_ENDPOINT_URL_S3',
} as const;

/** A request that hangs must leave its time to the client; milliseconds. */
const TIMEOUT_MILLISECONDS = 2000;

/** Regions of the partition `aws`, whose hosts end in `amazonaws.com`. */
const REGION = /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/;

/** Variables with which the SDK would choose another host. */
const OTHER_HOSTS = [
  'AWS_ENDPOINT_URL',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_USE_FIPS_ENDPOINT',
];

/** As the SDK counts: a repetition is the client's. */
const ATTEMPT = { 'amz-sdk-request': 'attempt=1; max=1' };

export interface AwsRequest {
  service: keyof typeof ENDPOINTS;
  method: 'GET' | 'POST';
  /** Bucket of a request to S3. Its name stands before the host's, so it holds no dot. */
  bucket?: string;
  /** Without characters that would have to be escaped. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/**
 * Sends one signed request (AWS Signature Version 4) without a client of the SDK: loading a client costs a new process more
 * than all else that its first request needs; see docs/performance.md.
 * @returns the body of a response with the status 200. `undefined` for everything else: then the SDK's client sends the
 * request again, which knows retries, errors and other partitions
 */
export type SignedRequest = (request: AwsRequest) => Promise<string | undefined>;

/** @param environment credentials, Region and endpoints, as Lambda sets them and the SDK reads them */
export function createSignedRequest(
  fetch: Fetch,
  environment: NodeJS.ProcessEnv = process.env,
): SignedRequest {
  const signers = new Map<string, SignatureV4>();

  const signerOf = (service: AwsRequest['service'], region: string): SignatureV4 => {
    const signer =
      signers.get(service) ??
      new SignatureV4({
        service,
        region,
        sha256: Sha256,
        credentials: async () => credentialsIn(environment),
        uriEscapePath: service !== 's3',
      });
    signers.set(service, signer);
    return signer;
  };

  return async ({ service, method, headers, body, ...where }) => {
    const region = environment.AWS_REGION ?? '';
    const url = urlOf({ service, ...where }, region, environment);
    if (url === undefined) return undefined;
    const { protocol, hostname, host, port, pathname: path } = url;
    try {
      const signed = await signerOf(service, region).sign({
        method,
        protocol,
        hostname,
        path,
        headers: { host, ...ATTEMPT, ...headers },
        ...(port !== '' && { port: Number(port) }),
        ...(body !== undefined && { body }),
      });
      const response = await fetch(url.href, {
        method,
        headers: signed.headers,
        redirect: 'manual',
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      });
      const text = await response.text();
      return response.status === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  };
}

/** Returns where a request is sent; `undefined` where only the SDK knows it. */
function urlOf(
  { service, bucket, path }: Pick<AwsRequest, 'service' | 'bucket' | 'path'>,
  region: string,
  environment: NodeJS.ProcessEnv,
): URL | undefined {
  if (OTHER_HOSTS.some((name) => environment[name] !== undefined)) return undefined;
  const endpoint = environment[ENDPOINTS[service]];
  // A stand-in has no host of its own for each bucket.
  if (endpoint !== undefined) return new URL(bucket === undefined ? path : `/${bucket}${path}`, endpoint);
  if (!REGION.test(region)) return undefined;
  const host = `${service}.${region}.amazonaws.com`;
  return new URL(path, `https://${bucket === undefined ? host : `${bucket}.${host}`}`);
}

/** @throws {Error} without credentials in the environment */
function credentialsIn({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
}: NodeJS.ProcessEnv) {
  if (!accessKeyId || !secretAccessKey) throw new Error('The environment contains no credentials.');
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}
