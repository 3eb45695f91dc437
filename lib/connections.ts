import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { ServiceFunction } from './service-function.ts';

type Operation = 'GetItem' | 'UpdateItem' | 'Scan';

/** The connections: one item each, with its sealed tokens, its lease and the time of its next step. */
export class Connections extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: { readonly removalPolicy: RemovalPolicy }) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'connection', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Only the ids of used tickets have it.
      timeToLiveAttribute: 'ttl',
      removalPolicy: props.removalPolicy,
    });
    this.addIndex('due', 'dueAt');
    this.addIndex('validity', 'validUntil');
  }

  /** Lets the function do these on the table, and tells it the table's name. */
  grant(fn: ServiceFunction, ...operations: Operation[]): void {
    fn.addEnvironment('TABLE_NAME', this.table.tableName);
    fn.allow(
      operations.map((operation) => `dynamodb:${operation}`),
      [this.table.tableArn],
    );
  }

  /** Lets the function ask which connection is due and which n8n loses first. */
  grantSweep(fn: ServiceFunction): void {
    fn.allow(
      ['dynamodb:Query'],
      ['due', 'validity'].map((index) => `${this.table.tableArn}/index/${index}`),
    );
  }

  private addIndex(indexName: string, instant: string): void {
    this.table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: { name: 'status', type: AttributeType.STRING },
      sortKey: { name: instant, type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
}
