import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../../local/loopback-server.ts';

const page = (users: string, more: string) =>
  `<ListEntitiesForPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListEntitiesForPolicyResult>
${users}${more}</ListEntitiesForPolicyResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListEntitiesForPolicyResponse>`;

const group = (kind: 'User' | 'Role' | 'Group', names: string[]) =>
  `<Policy${kind}s>${names.map((name) => `<member><${kind}Name>${name}</${kind}Name><${kind}Id>ID</${kind}Id></member>`).join('')}</Policy${kind}s>`;

const refusal = (code: string) =>
  `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;

/**
 * Starts IAM on loopback with one operation, ListEntitiesForPolicy: one user a page, then the roles and groups.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
 */
export async function startIam() {
  const attached = { users: [] as string[], roles: [] as string[], groups: [] as string[] };
  const asked: string[] = [];
  let failure: { status: number; code: string } | undefined;
  const server = createServer(async (request, response) => {
    const parameters = new URLSearchParams(await text(request));
    asked.push(`${parameters.get('Action')} ${parameters.get('PolicyArn')}`);
    response.setHeader('content-type', 'text/xml');
    if (failure) {
      response.statusCode = failure.status;
      return response.end(refusal(failure.code));
    }
    const turn = Number(parameters.get('Marker') ?? 0);
    const isLast = turn >= attached.users.length;
    const entities = isLast
      ? group('Role', attached.roles) + group('Group', attached.groups)
      : group('User', attached.users.slice(turn, turn + 1));
    const more = `<IsTruncated>${!isLast}</IsTruncated>${isLast ? '' : `<Marker>${turn + 1}</Marker>`}`;
    response.end(page(entities, more));
  });
  const { url, close } = await listenOnLoopback(server);
  process.env.AWS_ENDPOINT_URL_IAM = url;
  return {
    attached,
    asked,
    failWith(status: number, code: string) {
      failure = { status, code };
    },
    heal() {
      failure = undefined;
    },
    close,
  };
}
