import { DEFAULT_APP } from '../../lambdas/contract.ts';
import { InvalidSetting } from './invalid-setting.ts';
import type { Settings } from './settings.ts';

/** @throws {InvalidSetting} for settings that are valid one by one but not together */
export function assertConsistent(all: Settings): void {
  const { sweepRateMinutes, marginSeconds, earlyMarginSeconds, alarmValidityMinutes, alarmNoSweepMinutes } =
    all;
  if (alarmNoSweepMinutes < 2 * sweepRateMinutes) {
    throw new InvalidSetting(
      'alarmNoSweepMinutes',
      `at least the minutes of two sweeps, ${2 * sweepRateMinutes}`,
      alarmNoSweepMinutes,
    );
  }
  if (marginSeconds < 2 * 60 * sweepRateMinutes) {
    throw new InvalidSetting(
      'marginSeconds',
      `at least the seconds of two sweeps, ${120 * sweepRateMinutes}`,
      marginSeconds,
    );
  }
  if (earlyMarginSeconds < marginSeconds) {
    throw new InvalidSetting(
      'earlyMarginSeconds',
      `at least "marginSeconds", ${marginSeconds}`,
      earlyMarginSeconds,
    );
  }
  if (alarmValidityMinutes * 60 > marginSeconds) {
    const most = Math.floor(marginSeconds / 60);
    throw new InvalidSetting(
      'alarmValidityMinutes',
      `at most ${most}, the minutes of "marginSeconds"`,
      alarmValidityMinutes,
    );
  }
  if (all.domainName !== undefined && all.certificateArn === undefined) {
    throw new InvalidSetting('certificateArn', 'the ARN of the certificate for "domainName"', undefined);
  }
  if (all.certificateArn !== undefined && all.domainName === undefined) {
    throw new InvalidSetting('domainName', 'the domain name of "certificateArn"', undefined);
  }
  if (all.kmsKeyArn !== undefined && all.encryption === 'customer') {
    throw new InvalidSetting(
      'encryption',
      'left out if "kmsKeyArn" is set, since "customer" creates another key',
      all.encryption,
    );
  }
  assertBundlesFit(all);
  assertExistingFits(all);
}

function assertBundlesFit({ defaultBundle, apps }: Settings): void {
  if (typeof defaultBundle !== 'object') return;
  const unknown = Object.keys(defaultBundle).find((app) => ![DEFAULT_APP, ...apps].includes(app));
  if (unknown === undefined) return;
  throw new InvalidSetting('apps', `a list with "${unknown}", which "defaultBundle" names`, apps);
}

function assertExistingFits({ existing, apps, n8nUrls, encryption }: Settings): void {
  const unknown = Object.keys(existing.appSecretArns ?? {}).find(
    (app) => ![DEFAULT_APP, ...apps].includes(app),
  );
  if (unknown !== undefined) {
    throw new InvalidSetting('apps', `a list with "${unknown}", which "existing" has a secret of`, apps);
  }
  if (existing.n8nSecretArn !== undefined && n8nUrls.length === 0) {
    throw new InvalidSetting(
      'n8nUrls',
      'a list of the addresses of n8n with the "n8nSecretArn" of "existing"',
      n8nUrls,
    );
  }
  if (existing.kmsKeyArn !== undefined && encryption !== 'customer') {
    throw new InvalidSetting('encryption', '"customer" with the "kmsKeyArn" of "existing"', encryption);
  }
}
