import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { deletePublishedSecret } from '../../../lambdas/aws/delete-secret.ts';
import { rejectionOf } from '../../support/rejection.ts';

/** The responses and errors to come, and the names of the requests that were sent. */
let responses: unknown[];
let requests: string[];
let waits: number[];

const client = {
  async send(command: object) {
    requests.push(command.constructor.name.replace('Command', ''));
    const response = responses.shift();
    if (response instanceof Error) throw response;
    return response;
  },
} as unknown as SecretsManagerClient;
const named = (name: string, message = '') => Object.assign(new Error(message), { name });
const refused = () =>
  named('InvalidRequestException', "You can't delete secret x that still has replica regions [eu-west-1].");
const replicated = { ReplicationStatus: [{ Region: 'eu-west-1' }] };
const deleted = { DeletionDate: new Date(1_900_000_000_000) };
const remove = () =>
  deletePublishedSecret(client, 'n8n_zoom_main', false, async (milliseconds) => waits.push(milliseconds));

beforeEach(() => {
  responses = [];
  requests = [];
  waits = [];
});

describe('the deletion of a published secret with replicas', () => {
  test('waits until Secrets Manager has removed them', async () => {
    responses = [refused(), replicated, {}, refused(), refused(), deleted];
    expect(await remove()).toBe(1_900_000_000);
    expect(waits).toEqual([500, 1500]);
    expect(requests).toEqual([
      ...['DeleteSecret', 'DescribeSecret', 'RemoveRegionsFromReplication'],
      ...['DeleteSecret', 'DeleteSecret', 'DeleteSecret'],
    ]);
  });

  test('is for a later sweep while Secrets Manager is still removing them after two seconds', async () => {
    responses = [refused(), replicated, {}, refused(), refused(), refused()];
    await expect(remove()).rejects.toMatchObject({
      class: 'retry',
      code: 'secret_replicated',
      message: expect.stringContaining('removing its replicas in eu-west-1'),
    });
    expect(waits).toEqual([500, 1500]);
  });

  test('says that it was denied, where it is after the replicas were removed', async () => {
    responses = [refused(), replicated, {}, named('AccessDeniedException')];
    await expect(remove()).rejects.toMatchObject({ class: 'misconfigured', code: 'withdraw_denied' });
  });
});

test('a secret that is scheduled for deletion already has its date', async () => {
  responses = [named('InvalidRequestException'), { DeletedDate: new Date(1_900_000_007_000) }];
  expect(await remove()).toBe(1_900_000_007);
});

test('a refusal that names no replica is an error of its own', async () => {
  responses = [named('InvalidRequestException', 'not now'), {}];
  expect(await rejectionOf(remove())).toBeInstanceOf(Error);
  expect(requests).toEqual(['DeleteSecret', 'DescribeSecret']);
});

test('a response without a date is no deletion', async () => {
  responses = [{}];
  expect(await rejectionOf(remove())).toBeInstanceOf(Error);
});
