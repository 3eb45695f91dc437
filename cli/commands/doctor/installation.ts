import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { isLoopback } from '../../../lambdas/operator-protocol.ts';
import { span } from '../../terminal/time.ts';
import { type Finding, note, skipped, well, wrong } from './finding.ts';

type Check = OperatorResults['check'];

export function appFindings({ apps }: Check): Finding[] {
  return apps.map(({ app, secretName, problem }) => {
    if (!problem) return well('apps', `Zoom accepts the app "${app}".`);
    if (problem.code === 'not_set_up') {
      return note('apps', `The app "${app}" is not set up, and no connection needs it.`, problem.action);
    }
    return wrong(
      'apps',
      `App "${app}": ${problem.message}`,
      hint(problem.code, app, secretName) ?? problem.action,
    );
  });
}

function hint(code: string, app: string, secretName: string): string | undefined {
  if (code === 'secret_denied') return undefined;
  if (code === 'secret_unusable') return `Write ${secretName} again: zoom-tokens setup ${app}.`;
  if (/^invalid_|^unsupported_/.test(code)) {
    return `Copy the credentials from the Zoom App Marketplace again: zoom-tokens setup ${app}.`;
  }
  return undefined;
}

export function sweepFinding({ sweptAt, sweepRateMinutes, now }: Check, name: string): Finding {
  const every = sweepRateMinutes === 1 ? 'every minute' : `every ${sweepRateMinutes} minutes`;
  // Two that did not come, and the time that the one under way may take.
  const late = (2 * sweepRateMinutes + 1) * 60;
  if (sweptAt !== undefined && now - sweptAt <= late) {
    return well('sweep', `The last sweep ended ${span(now - sweptAt)} ago; there is one ${every}.`);
  }
  return wrong(
    'sweep',
    sweptAt === undefined
      ? `No sweep has ended yet, though there is one ${every}.`
      : `No sweep has ended for ${span(now - sweptAt)}, though there is one ${every}: nothing rotates.`,
    [
      `Sweep by hand, which helps at once: aws lambda invoke --function-name ${name}-rotate /dev/stdout.`,
      `Is the schedule enabled? aws scheduler get-schedule --group-name ${name} --name ${name}-rotate.`,
      'See docs/runbook.md#no-sweep.',
    ].join('\n'),
  );
}

/** A lease outlives a function by two minutes, in which two clocks may differ: half of that is worth a word. */
const MOST_SKEW = 60;

/**
 * @param skew of this machine, in seconds: the function's clock less this one's
 */
export function clockFindings(
  check: Check | undefined,
  skew: number,
  about: OperatorResults['about'],
): Finding[] {
  const findings: Finding[] = [];
  if (Math.abs(skew) <= MOST_SKEW) {
    findings.push(well('clocks', "This machine's clock and the function's agree."));
  } else if (isLoopback(new URL(about.publicUrl).hostname)) {
    findings.push(
      skipped('clocks', "this machine's is not compared, as a local stack keeps a time of its own."),
    );
  } else {
    findings.push(
      wrong(
        'clocks',
        `This machine's clock is ${span(Math.abs(skew))} ${skew > 0 ? 'behind' : 'ahead of'} the function's.`,
        'Set it by network time (NTP). AWS refuses requests from a clock that is five minutes off.',
      ),
    );
  }
  const zoom = check?.zoomSkewSeconds;
  if (zoom === undefined) {
    findings.push(skipped('clocks', 'Zoom’s could not be read.'));
  } else if (Math.abs(zoom) <= MOST_SKEW) {
    findings.push(well('clocks', "Zoom's clock and the function's agree."));
  } else {
    findings.push(
      wrong(
        'clocks',
        `Zoom's clock is ${span(Math.abs(zoom))} ${zoom > 0 ? 'ahead of' : 'behind'} the function's.`,
        'Lambda keeps its clock by itself: see the AWS Health Dashboard and status.zoom.us, and check again later.',
      ),
    );
  }
  return findings;
}
