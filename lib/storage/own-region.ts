import { Arn, ArnFormat, Aws, CfnRule, Fn, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Existing } from '../settings/existing.ts';
import type { Settings } from '../settings/settings.ts';

const INSTEAD =
  'Nothing moves to another account or Region: deploy there without "existing", as docs/day-2.md says under "Move".';

/**
 * Refuses parts of `existing` of another account or Region. The functions would find a table of that name that is not there,
 * or an empty one. A rule of the template refuses them at the deployment where the synthesis does not know where it goes.
 * @throws {Error} that names a part of another account or Region, where those of the stack are known
 */
export function requireOwnRegion(scope: Construct, existing: Existing): void {
  // One part of each place is enough: the first one.
  const parts = partsOf(existing).reverse();
  const places = new Map(parts.map((part) => [`${part.account} ${part.region}`, part]));
  for (const [id, part] of places) {
    refuseElsewhere(
      scope,
      `ExistingIn-${id}`,
      part,
      `"existing" must be of the stack's own account and Region, but "${part.name}" is of the account ${part.account} in ${part.region}. ${INSTEAD}`,
    );
  }
}

function partsOf({ appSecretArns = {}, ...parts }: Existing) {
  const apps = Object.entries(appSecretArns).map(([app, arn]) => [`appSecretArns.${app}`, arn] as const);
  return [...Object.entries(parts), ...apps].flatMap(([name, arn]) => {
    if (!arn?.startsWith('arn:')) return [];
    const { account = '', region = '' } = Arn.split(arn, ArnFormat.COLON_RESOURCE_NAME);
    return { name, account, region };
  });
}

const USES: { [setting in 'certificateArn' | 'kmsKeyArn']: string } = {
  certificateArn: "API Gateway takes a certificate of the API's own Region: request one in ACM there.",
  kmsKeyArn: 'The table and the secrets take a key of their own Region: name one of that Region.',
};

/**
 * Refuses a certificate or a KMS key of another Region, at the synthesis or by a rule of the template. The deployment would
 * fail half-way, and roll back.
 * @throws {Error} that names the setting, where the Region of the stack is known
 */
export function requireRegionOf(scope: Construct, settings: Settings): void {
  for (const setting of ['certificateArn', 'kmsKeyArn'] as const) {
    const arn = settings[setting];
    if (arn === undefined) continue;
    const { region = '' } = Arn.split(arn, ArnFormat.SLASH_RESOURCE_NAME);
    const problem = `"${setting}" must be in the stack's own Region, but it is in ${region}. ${USES[setting]}`;
    refuseElsewhere(scope, `RegionOf-${setting}`, { region }, problem);
  }
}

/** Refuses a place that is not the stack's own: now where that is known, otherwise by a rule of the template. */
function refuseElsewhere(
  scope: Construct,
  ruleId: string,
  place: { account?: string; region: string },
  problem: string,
): void {
  const own = Stack.of(scope);
  const parts = [
    ...(place.account === undefined ? [] : [[own.account, place.account, Aws.ACCOUNT_ID] as const]),
    [own.region, place.region, Aws.REGION] as const,
  ];
  if (parts.some(([known, named]) => !Token.isUnresolved(known) && known !== named)) throw new Error(problem);
  if (!parts.some(([known]) => Token.isUnresolved(known))) return;
  const assert = Fn.conditionAnd(
    ...parts.map(([, named, atDeployment]) => Fn.conditionEquals(atDeployment, named)),
  );
  new CfnRule(scope, ruleId, { assertions: [{ assert, assertDescription: problem }] });
}
