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
  const { account, region } = Stack.of(scope);
  // One part of each place is enough: the first one.
  const parts = partsOf(existing).reverse();
  const places = new Map(parts.map((part) => [`${part.account} ${part.region}`, part]));
  for (const [id, part] of places) {
    const problem = `"existing" must be of the stack's own account and Region, but "${part.name}" is of the account ${part.account} in ${part.region}.`;
    const isOwn = (known: string, own: string) => Token.isUnresolved(known) || known === own;
    if (!isOwn(account, part.account) || !isOwn(region, part.region))
      throw new Error(`${problem} ${INSTEAD}`);
    if (!Token.isUnresolved(account) && !Token.isUnresolved(region)) continue;
    new CfnRule(scope, `ExistingIn-${id}`, {
      assertions: [
        {
          assert: Fn.conditionAnd(
            Fn.conditionEquals(Aws.ACCOUNT_ID, part.account),
            Fn.conditionEquals(Aws.REGION, part.region),
          ),
          assertDescription: `${problem} ${INSTEAD}`,
        },
      ],
    });
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
  const { region: own } = Stack.of(scope);
  for (const setting of ['certificateArn', 'kmsKeyArn'] as const) {
    const arn = settings[setting];
    if (arn === undefined) continue;
    const { region = '' } = Arn.split(arn, ArnFormat.SLASH_RESOURCE_NAME);
    const problem = `"${setting}" must be in the stack's own Region, but it is in ${region}. ${USES[setting]}`;
    if (!Token.isUnresolved(own)) {
      if (region !== own) throw new Error(problem);
      continue;
    }
    new CfnRule(scope, `RegionOf-${setting}`, {
      assertions: [{ assert: Fn.conditionEquals(Aws.REGION, region), assertDescription: problem }],
    });
  }
}
