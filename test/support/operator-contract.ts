import type { Results } from '../../bin/cli/contract.ts';
import type { OperatorAnswer } from '../../lambdas/protocol.ts';
import type { ConnectionView } from '../../lambdas/tokens/control.ts';
import type { LocalStack } from '../../local/stack.ts';

interface Request {
  action: string;
  connection?: string;
}

type Answer<A extends keyof Results> = OperatorAnswer<Results[A]>;

/** Answers as the contract says what the stack's own operator function does not answer, and asks it the rest. */
export async function operate(stack: LocalStack, request: Request): Promise<unknown> {
  const answer = await stack.operate(request);
  if (answer.ok || answer.error.code !== 'bad_request') return answer;
  if (request.action === 'about') return about(stack);
  return request.action === 'disconnect' ? disconnect(stack, request) : answer;
}

async function look(stack: LocalStack, { connection }: Request): Promise<ConnectionView | undefined> {
  const answer = (await stack.operate({ action: 'status', connection })) as Answer<'status'>;
  return answer.ok ? answer.result.connections[0] : undefined;
}

function about({ publicUrl, zoomUrl, now }: LocalStack): Answer<'about'> {
  return {
    ok: true,
    result: {
      version: '0.1.0',
      name: 'zoom-token-refresher',
      now: now(),
      publicUrl,
      redirectUrl: `${publicUrl}/callback`,
      eventsUrl: `${publicUrl}/zoom/events`,
      zoomOauthUrl: zoomUrl,
      zoomApiUrl: zoomUrl,
      appSecretPrefix: 'zoom-token-refresher/app/',
    },
  };
}

async function disconnect(stack: LocalStack, request: Request & { force?: boolean }): Promise<unknown> {
  const connection = await look(stack, request);
  if (!connection) return stack.operate({ action: 'status', connection: request.connection });
  const result: Results['disconnect'] = {
    connection: { ...connection, status: 'disconnected' },
    revoked: connection.grantType === 'authorization_code',
    ...(!request.force && { secretDeletedAt: stack.now() + 7 * 24 * 3600 }),
  };
  return { ok: true, result };
}
