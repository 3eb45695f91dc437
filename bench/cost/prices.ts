/** On-demand prices in us-east-1 (N. Virginia), dollars, without free tiers. Each names AWS's page. */
export const PRICES_AS_OF = '2026-11';

export const PRICES = {
  // https://aws.amazon.com/secrets-manager/pricing/
  secretMonth: 0.4,
  secretsCall: 0.05 / 10_000,
  // https://aws.amazon.com/dynamodb/pricing/on-demand/
  readUnit: 0.125 / 1e6,
  writeUnit: 0.625 / 1e6,
  /** 0.25 for storage and 0.20 for point-in-time recovery. */
  tableGigabyteMonth: 0.45,
  // https://aws.amazon.com/lambda/pricing/ (arm64)
  lambdaRequest: 0.2 / 1e6,
  lambdaGigabyteSecond: 0.000_013_333_4,
  // https://aws.amazon.com/eventbridge/pricing/
  schedulerInvocation: 1 / 1e6,
  // https://aws.amazon.com/cloudwatch/pricing/
  metricMonth: 0.3,
  alarmMonth: 0.1,
  logGigabyte: 0.5,
  // https://aws.amazon.com/api-gateway/pricing/ (HTTP API, up to 512 kB each)
  httpApiRequest: 1 / 1e6,
  // https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer (out to the internet)
  transferGigabyte: 0.09,
  // https://aws.amazon.com/ec2/pricing/on-demand/
  instanceHour: { 't4g.nano': 0.0042, 't4g.small': 0.0168 },
  // https://aws.amazon.com/ebs/pricing/ (gp3)
  volumeGigabyteMonth: 0.08,
  // https://aws.amazon.com/vpc/pricing/
  publicAddressHour: 0.005,
};

/**
 * Units that every account has free of charge each month, also after its first year, by the line of the bill. DynamoDB's free
 * capacity is for provisioned tables only.
 * https://aws.amazon.com/free/
 */
export const FREE_EACH_MONTH: Record<string, number> = {
  'Lambda, requests': 1e6,
  'Lambda, GB-seconds': 400_000,
  Schedule: 14e6,
  'Logs, GB': 5,
  Metrics: 10,
  Alarms: 10,
};
