interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: any part of a template
  Properties?: Record<string, any>;
  DeletionPolicy?: string;
}

/** The types whose description CloudFormation cannot change in place. */
const DESCRIBED = ['AWS::IAM::ManagedPolicy'];

/** Properties that make CloudFormation replace a retained resource, or overwrite its value. */
const DATA: Record<string, string[]> = {
  'AWS::DynamoDB::Table': ['KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'TableName'],
  'AWS::SecretsManager::Secret': ['Name', 'GenerateSecretString', 'SecretString'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::KMS::Key': ['KeySpec', 'KeyUsage', 'MultiRegion'],
  'AWS::IAM::User': ['UserName'],
  'AWS::Logs::LogStream': ['LogGroupName', 'LogStreamName'],
  'AWS::ApiGatewayV2::DomainName': ['DomainName'],
};

/** Returns whether the principals of other accounts assume the role, whose configuration then holds its ARN. */
const isAssumedElsewhere = (Type: string, trust: unknown) =>
  Type === 'AWS::IAM::Role' && `${JSON.stringify(trust)}`.includes('"AWS"');

/** The property with the physical name that people type, paste or read, such as `FunctionName`. */
const NAME =
  /^(FunctionName|LogGroupName|AlarmName|DashboardName|TopicName|QueueName|AliasName|RoleName|UserName|ManagedPolicyName)$/;

/**
 * Returns what an upgrade must not change, by logical id: the type, the name, and what CloudFormation cannot change in place,
 * of each resource that is named, retained or attached by hand.
 */
export function lasting(resources: Record<string, Resource>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(resources).flatMap(([id, { Type, Properties = {}, DeletionPolicy = 'Delete' }]) => {
      const kept = Object.entries(Properties).filter(
        ([name]) =>
          NAME.test(name) ||
          DATA[Type]?.includes(name) ||
          (DESCRIBED.includes(Type) && name === 'Description'),
      );
      const lasts =
        kept.length > 0 ||
        DeletionPolicy.startsWith('Retain') ||
        Type in DATA ||
        isAssumedElsewhere(Type, Properties.AssumeRolePolicyDocument);
      return lasts ? [[id, { Type, DeletionPolicy, ...Object.fromEntries(kept) }]] : [];
    }),
  );
}
