import '../services/output.ts';
import { describe, expect, test } from '@jest/globals';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { createAuditLog } from '../../../lambdas/aws/audit-log.ts';
import { createHandler } from '../../../lambdas/operator.ts';
import type { OperatorResponse } from '../../../lambdas/operator-protocol.ts';
import { startLogs } from '../services/logs-server.ts';
import { ALL_FAULTS, FAULTS, type Fault, type FaultName, type Strike } from './faults.ts';
import { createFaultyHandler } from './faulty-handler.ts';
import type { Lab } from './lab.ts';
import { AWS } from './lab-services.ts';
import { run } from './run.ts';
import { consent, contextOf, type Scenario, sweepOnce } from './scenarios.ts';

const LOG_GROUP = 'AuditLogGroup';
/** As the deployed client does. */
const MOST_ATTEMPTS = 2;

type Logs = Awaited<ReturnType<typeof startLogs>>;

/** The outcome of the command in each installation. */
const commands = new WeakMap<Lab, { logs: Logs; response?: OperatorResponse }>();

/** Rotates the connection, as `zoom-tokens rotate main` does, in an installation with an audit log. */
async function rotateOnce(lab: Lab, runtime: ReturnType<Lab['runtime']>, logs: Logs) {
  const handler = createHandler(
    () => ({ ...runtime, starter: undefined, auditLogGroup: LOG_GROUP }),
    (group, now) =>
      createAuditLog(
        group,
        now,
        (Client) =>
          new Client({
            ...AWS,
            endpoint: logs.url,
            requestHandler: createFaultyHandler('logs', logs, runtime.faults, () => {}),
            retryStrategy: new ConfiguredRetryStrategy(MOST_ATTEMPTS, () => 0),
          }),
      ),
  );
  return handler({ action: 'rotate', connection: 'main' }, contextOf(lab));
}

const SCENARIO: Scenario = {
  grantType: 'authorization_code',
  prepare: async (lab) => {
    await consent(lab, lab.healthy);
    await sweepOnce(lab, lab.healthy);
  },
  invoke: async (lab, runtime) => {
    const command = { logs: await startLogs(LOG_GROUP, lab.now) };
    commands.set(lab, command);
    Object.assign(command, { response: await rotateOnce(lab, runtime, command.logs) });
    return [];
  },
};

/** Declares a test for every fault of the request that stores the audit line of a command. */
export async function proveAuditUnderFaults(): Promise<void> {
  const points = await run(SCENARIO, undefined, async ({ lab, ...each }) => {
    await commands.get(lab)?.logs.close();
    return each.points;
  });

  test('the audit line is stored before any other request', () => {
    expect(points[0]).toBe('logs.PutLogEvents');
    expect(points.filter((point) => point.startsWith('logs'))).toHaveLength(1);
  });

  describe('a command changes nothing before its audit line is stored, where the request for that', () => {
    const faults = Object.keys(FAULTS) as FaultName[];
    test.each(faults)('%s', (fault) => expectAudited({ fault, at: 0, lasts: false }));
    test.each(faults)('%s, and so does each later one', (fault) =>
      expectAudited({ fault, at: 0, lasts: true }),
    );
  });
}

async function expectAudited(strike: Strike): Promise<void> {
  const { isHarmless, kills }: Fault = ALL_FAULTS[strike.fault];
  await run(SCENARIO, strike, async ({ lab, before, points }) => {
    const { logs, response } = commands.get(lab) ?? {};
    if (!logs) throw new Error('The command was not begun');
    const after = await lab.connection('main');
    const isDone = response?.ok === true;
    // What was done has its line. A line that is stored and not confirmed may be without its command, or come twice.
    if (isDone) {
      expect(logs.lines.length).toBeGreaterThan(0);
      expect(after?.version).toBe((before?.version ?? 0) + 1);
    } else {
      expect(after).toEqual(before);
      expect(points.every((point) => point.startsWith('logs'))).toBe(true);
    }
    if (kills) expect(response).toBeUndefined();
    else if (!isDone) {
      expect(response).toMatchObject({
        ok: false,
        error: {
          code: expect.stringMatching(/^audit_/),
          message: expect.stringMatching(/^Nothing was changed/),
        },
      });
    }
    if (isHarmless) expect(isDone).toBe(true);
    expect(logs.lines.length).toBeLessThanOrEqual(MOST_ATTEMPTS);

    expect(await rotateOnce(lab, lab.healthy, logs)).toMatchObject({ ok: true });
    expect(lab.zoom.accepts(await lab.published('main'))).toBe(true);
    await logs.close();
  });
}
