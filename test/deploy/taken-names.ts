/** A resource that has a name of its own, in the account. */
export interface Named {
  type: string;
  name: string;
  region: string;
}

interface Template {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown>; DeletionPolicy?: string }>;
}

/** The property with the physical name, of the types whose names are unique. API Gateway's names are not. */
const NAME_OF: Record<string, string> = {
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::User': 'UserName',
  'AWS::KMS::Alias': 'AliasName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Scheduler::ScheduleGroup': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::ApiGatewayV2::DomainName': 'DomainName',
};

/** Types whose names are unique in the account, or in all of AWS, and not just in a Region. */
const ACCOUNT_WIDE = new Set([
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Role',
  'AWS::IAM::User',
  'AWS::S3::Bucket',
]);

/**
 * The names that exist in the account, as CloudFormation knows them, those of deleted stacks included. The emulator accepts a
 * template whose names are taken, and AWS refuses it, so the test asks this account before each deployment.
 */
export class Account {
  /** The stacks that exist: `<stack> <Region>` to their templates. */
  private readonly stacks = new Map<string, Template>();
  private readonly retained: Named[] = [];

  /**
   * Accepts a deployment, as a change set does.
   * @param found names that the emulator lists
   * @throws {Error} as CloudFormation words it, for a new resource whose name is taken
   */
  deploy(stack: string, template: Template, region: string, found: readonly Named[] = []): void {
    const id = `${stack} ${region}`;
    const earlier = this.stacks.get(id)?.Resources ?? {};
    const taken = [
      ...[...this.stacks].flatMap(([other, { Resources }]) => named(Resources, `${other.split(' ')[1]}`)),
      ...this.retained,
      ...found,
    ];
    for (const [logicalId, resource] of Object.entries(template.Resources)) {
      const before = earlier[logicalId];
      for (const own of named({ [logicalId]: resource }, region)) {
        const isSame =
          before && named({ [logicalId]: before }, region).some((each) => each.name === own.name);
        if (!isSame && taken.some((each) => clash(own, each))) {
          throw new Error(`${own.type} ${logicalId}: "${own.name}" already exists.`);
        }
      }
    }
    const removed = Object.entries(earlier).filter(([logicalId]) => !(logicalId in template.Resources));
    this.retain(Object.fromEntries(removed), region);
    this.stacks.set(id, template);
  }

  /** Deletes the stack. What its template retains keeps its name. */
  destroy(stack: string, region: string): void {
    const id = `${stack} ${region}`;
    this.retain(this.stacks.get(id)?.Resources ?? {}, region);
    this.stacks.delete(id);
  }

  private retain(resources: Template['Resources'], region: string): void {
    const kept = Object.entries(resources).filter(([, { DeletionPolicy }]) =>
      DeletionPolicy?.startsWith('Retain'),
    );
    this.retained.push(...named(Object.fromEntries(kept), region));
  }
}

const clash = (one: Named, other: Named): boolean =>
  one.type === other.type &&
  one.name === other.name &&
  (one.region === other.region || ACCOUNT_WIDE.has(one.type));

/** Returns the resources that have a name in the template. CloudFormation generates the other names. */
function named(resources: Template['Resources'], region: string): Named[] {
  return Object.values(resources).flatMap(({ Type, Properties = {} }) => {
    const name = resolved(Properties[NAME_OF[Type] ?? ''], region);
    return name === undefined ? [] : [{ type: Type, name, region }];
  });
}

/** Returns the text of a name, which may contain the Region. */
function resolved(value: unknown, region: string): string | undefined {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join } = (value ?? {}) as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (Ref === 'AWS::Region') return region;
  return join?.[1].map((part) => resolved(part, region) ?? `${JSON.stringify(part)}`).join(join[0]);
}
