import middy from '@middy/core';
import * as v from 'valibot';
import { auditEntry } from './audit.ts';
import { createAuditLog, type WriteAuditLine } from './aws/audit-log.ts';
import { lazily } from './lazily.ts';
import { invocation } from './observability.ts';
import { badRequest, perform } from './operator-actions.ts';
import { OperatorRequest, type OperatorResponse, type OperatorResults } from './operator-protocol.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { toFailure } from './tokens/errors.ts';
import type { StepOptions } from './tokens/rotation/outcome.ts';
import { deadlineOf, logFailure, OWN_DEADLINE, withLogContext } from './web/middleware.ts';

/**
 * Creates the handler of the control plane, which the command line invokes. It returns every failure as data, so that the
 * command line can say what to do.
 * @param createLog creates the audit log, from its log group and the clock
 */
export function createHandler(load: () => Runtime, createLog = createAuditLog) {
  let audit: WriteAuditLine | undefined;
  return middy<unknown, OperatorResponse>(OWN_DEADLINE)
    .use(withLogContext())
    .handler(async (event, context): Promise<OperatorResponse> => {
      try {
        const runtime = load();
        audit ??= auditLogOf(runtime, createLog);
        const options = { deadline: deadlineOf(context, runtime.now()) };
        return { ok: true, result: await audited(event, runtime, audit, options) };
      } catch (error) {
        logFailure(error);
        return { ok: false, error: toFailure(error) };
      }
    });
}

export const handler = createHandler(lazily(createRuntime));

/** @throws {Failure} `rejected` (`bad_request`), or the failure of the audit log or of the action */
async function audited(
  event: unknown,
  runtime: Runtime,
  audit: WriteAuditLine,
  options: StepOptions,
): Promise<OperatorResults[keyof OperatorResults]> {
  const parsed = v.safeParse(OperatorRequest, event);
  if (!parsed.success) throw badRequest();
  const entry = auditEntry(parsed.output);
  const { requestId } = invocation();
  // No command is carried out without its line.
  if (entry) await audit({ ...entry, requestId });
  return perform(parsed.output, runtime, options, () => audit({ action: 'check', requestId }));
}

/** Returns what stores the line of a command. A local installation has no audit log, and logs it. */
function auditLogOf({ auditLogGroup, now, log }: Runtime, createLog: typeof createAuditLog): WriteAuditLine {
  if (auditLogGroup !== undefined) return createLog(auditLogGroup, now);
  // Each line of the function's own log has the id of the request.
  return async ({ requestId: _, ...line }) => log.info('audit', line);
}
