import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { TABLE } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from './encryption.ts';
import { removal } from './removal.ts';

type Operation = 'GetItem' | 'UpdateItem' | 'Scan';

/** The connections: one item each, with its sealed tokens, its lease and the time of its next step. */
export class Connections extends Construct {
  readonly table: Table;
  private readonly encryption: Encryption;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly settings: Settings; readonly encryption: Encryption },
  ) {
    super(scope, id);
    const { settings, encryption } = props;
    this.encryption = encryption;
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'connection', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Only the ids of used tickets have it.
      timeToLiveAttribute: 'ttl',
      ...(encryption.key && {
        encryption: TableEncryption.CUSTOMER_MANAGED,
        encryptionKey: encryption.key,
      }),
      deletionProtection: settings.deletionProtection,
      removalPolicy: removal(settings),
    });
    this.addIndex('due', 'dueAt', TABLE.projected.due);
    this.addIndex('validity', 'validUntil', TABLE.projected.validity);
  }

  /** Lets the function do these on the table, and tells it the table's name. */
  grant(fn: ServiceFunction, ...operations: Operation[]): void {
    fn.addEnvironment('TABLE_NAME', this.table.tableName);
    fn.allow(
      operations.map((operation) => `dynamodb:${operation}`),
      [this.table.tableArn],
    );
    fn.addStatements(this.encryption.use('dynamodb'));
  }

  /** Lets the function ask which connection is due and which n8n loses first. */
  grantSweep(fn: ServiceFunction): void {
    fn.allow(
      ['dynamodb:Query'],
      ['due', 'validity'].map((index) => `${this.table.tableArn}/index/${index}`),
    );
  }

  private addIndex(indexName: string, timestamp: string, projected: readonly string[]): void {
    this.table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: { name: 'status', type: AttributeType.STRING },
      sortKey: { name: timestamp, type: AttributeType.NUMBER },
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: [...projected],
    });
  }
}
