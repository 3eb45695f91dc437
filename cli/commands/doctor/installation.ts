import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { isLoopback } from '../../../lambdas/operator-protocol.ts';
import { underWay } from '../../connection/key-rotation.ts';
import { formatDuration } from '../../terminal/time.ts';
import { type Finding, failed, note, skipped, well, wrong } from './finding.ts';

type CheckResult = OperatorResults['check'];

export function appFindings({ apps }: CheckResult): Finding[] {
  return apps.map(({ app, problem, use }) => {
    if (!problem) return well('apps', `Zoom accepts the app "${app}".`);
    if (problem.code === 'not_set_up') {
      return note('apps', `The app "${app}" is not set up, and no connection uses it.`, problem.action);
    }
    const action = setupAction(problem.code, app) ?? problem.action;
    return wrong('apps', `App "${app}": ${problem.message}${use ? ` ${usedBy(use)}` : ''}`, action);
  });
}

/** Returns who loses an app that was taken out of the deployment. */
function usedBy({ count, connections }: NonNullable<CheckResult['apps'][number]['use']>): string {
  const more = count > connections.length ? ` and ${count - connections.length} more` : '';
  return `The next rotation fails of ${connections.join(', ')}${more}.`;
}

/** Returns an action with the command to run, which the domain's own action does not name. */
function setupAction(code: string, app: string): string | undefined {
  if (code === 'secret_unusable') return `Write its credentials again: npx zoom-tokens setup ${app}`;
  if (/^invalid_|^unsupported_/.test(code)) {
    return `Copy the credentials from the Zoom App Marketplace again: npx zoom-tokens setup ${app}`;
  }
  return undefined;
}

export function sweepFinding({ sweptAt, sweepRateMinutes, now }: CheckResult, name: string): Finding {
  const rate = sweepRateMinutes === 1 ? 'every minute' : `every ${sweepRateMinutes} minutes`;
  // Two missed sweeps, and a minute for the sweep that may be running.
  const lateAfterSeconds = (2 * sweepRateMinutes + 1) * 60;
  if (sweptAt !== undefined && now - sweptAt <= lateAfterSeconds) {
    return well('sweep', `The last sweep ended ${formatDuration(now - sweptAt)} ago. Sweeps run ${rate}.`);
  }
  return wrong(
    'sweep',
    sweptAt === undefined
      ? `No sweep has ended yet, although sweeps run ${rate}.`
      : `No sweep has ended for ${formatDuration(now - sweptAt)}, although sweeps run ${rate}: tokens are not rotated.`,
    [
      `Run a sweep by hand, which helps at once: aws lambda invoke --function-name ${name}-rotate /dev/stdout`,
      `Check that the schedule is enabled: aws scheduler get-schedule --group-name ${name} --name ${name}-rotate`,
      'See docs/runbook.md#no-sweep.',
    ].join('\n'),
  );
}

/** The sweeps seal everything again within this time; seconds. */
const KEY_ROTATION_SECONDS = 24 * 60 * 60;

/** Returns a problem for each key that cannot be read, and otherwise how far a rotation of the keys is. */
export function keyFindings({ keyProblems, ...check }: CheckResult): Finding[] {
  return keyProblems ? keyProblems.map((problem) => failed('keys', problem)) : [rotationFinding(check)];
}

function rotationFinding({ keyRotation, now }: CheckResult): Finding {
  if (!keyRotation) return skipped('keys', 'no sweep has looked at them yet.');
  if (keyRotation.completedAt !== undefined)
    return well(
      'keys',
      'Everything that is stored is sealed with the current key. No earlier key is needed.',
    );
  if (now - keyRotation.since <= KEY_ROTATION_SECONDS) return note('keys', underWay(keyRotation, now));
  return wrong(
    'keys',
    `The keys were replaced ${formatDuration(now - keyRotation.since)} ago, and the sweeps have not yet sealed everything with the new one.`,
    'See docs/runbook.md#unfinished-key-rotation.',
  );
}

/** Returns whether a rotation can keep tokens in the rescue bucket, and a consent can seal them. */
export function rescueFindings({ rescueProblems }: CheckResult): Finding[] {
  if (!rescueProblems) return [skipped('rescue', 'the operator function is of an earlier version.')];
  if (rescueProblems.length > 0) return rescueProblems.map((problem) => failed('rescue', problem));
  return [well('rescue', 'The rescue bucket can be used, and has the public half of the current key.')];
}

/** Returns whether a command can be carried out, which needs its line in the audit log. */
export function auditFindings({ auditProblems }: CheckResult): Finding[] {
  if (!auditProblems) return [skipped('audit', 'the installation has none, as a local stack.')];
  if (auditProblems.length > 0) return auditProblems.map((problem) => failed('audit', problem));
  return [well('audit', 'The audit log stores the lines of commands.')];
}

/** Seconds. A lease outlives its function by two minutes, so clocks may differ by less; half of that is reported. */
const MAX_SKEW_SECONDS = 60;

/**
 * @param check undefined when the check failed
 * @param skew seconds by which the function's clock is ahead of this machine's
 */
export function clockFindings(
  check: CheckResult | undefined,
  skew: number,
  about: OperatorResults['about'],
): Finding[] {
  return [machineClockFinding(skew, about), zoomClockFinding(check?.zoomSkewSeconds)];
}

function machineClockFinding(skew: number, about: OperatorResults['about']): Finding {
  if (Math.abs(skew) <= MAX_SKEW_SECONDS) {
    return well('clocks', "This machine's clock and the function's agree.");
  }
  if (isLoopback(new URL(about.publicUrl).hostname)) {
    return skipped('clocks', "a local stack has its own time, so this machine's clock is not compared.");
  }
  return wrong(
    'clocks',
    `This machine's clock is ${formatDuration(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead of'} the function's.`,
    'Set it by network time (NTP). AWS refuses requests from a clock that is five minutes off.',
  );
}

/** @param skew seconds by which Zoom's clock is ahead of the function's; undefined when Zoom's could not be read */
function zoomClockFinding(skew: number | undefined): Finding {
  if (skew === undefined) return skipped('clocks', "Zoom's clock could not be read.");
  if (Math.abs(skew) <= MAX_SKEW_SECONDS) return well('clocks', "Zoom's clock and the function's agree.");
  return wrong(
    'clocks',
    `Zoom's clock is ${formatDuration(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} the function's.`,
    'Lambda sets its clock itself. See the AWS Health Dashboard and status.zoom.us, and check again later.',
  );
}
