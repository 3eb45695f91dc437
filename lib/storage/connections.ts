import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { TABLE, VARIABLES } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from './encryption.ts';
import { removal } from './removal.ts';

type Operation = 'GetItem' | 'BatchGetItem' | 'UpdateItem' | 'Scan';

/** The table: one item for each connection, with its sealed tokens, its lease and the time of its next step. */
export class Connections extends Construct {
  private readonly table: Pick<ITable, 'tableArn' | 'tableName'>;
  private readonly encryption: Encryption;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly settings: Settings; readonly encryption: Encryption },
  ) {
    super(scope, id);
    const { settings, encryption } = props;
    this.encryption = encryption;
    const { table: existing } = settings.existing;
    this.table =
      existing === undefined ? this.createTable(settings) : Table.fromTableName(this, 'Existing', existing);
  }

  /** Name of the table. */
  get tableName(): string {
    return this.table.tableName;
  }

  private createTable(settings: Settings): Table {
    const { key } = this.encryption;
    const table = new Table(this, 'Table', {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Links and replaced tokens have it.
      timeToLiveAttribute: TABLE.timeToLive,
      ...(key && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }),
      deletionProtection: settings.deletionProtection,
      removalPolicy: removal(settings),
    });
    for (const [index, sortKey] of Object.entries(TABLE.indexes)) {
      addIndex(table, index, sortKey, TABLE.projected[index as keyof typeof TABLE.projected]);
    }
    return table;
  }

  /** Allows the function these operations on the table, and gives it the table's name. */
  grant(fn: ServiceFunction, ...operations: Operation[]): void {
    fn.addEnvironment(VARIABLES.tableName, this.table.tableName);
    fn.allow(
      operations.map((operation) => `dynamodb:${operation}`),
      [this.table.tableArn],
    );
    fn.addStatements(this.encryption.statementsFor('dynamodb'));
  }

  /** Allows the function to query indexes: which connections are due, and which published token expires first. */
  grantQueries(fn: ServiceFunction, ...indexes: (keyof typeof TABLE.indexes)[]): void {
    fn.allow(
      ['dynamodb:Query'],
      indexes.map((index) => `${this.table.tableArn}/index/${index}`),
    );
  }
}

function addIndex(table: Table, indexName: string, sortKey: string, projected: readonly string[]): void {
  table.addGlobalSecondaryIndex({
    indexName,
    partitionKey: { name: TABLE.status, type: AttributeType.STRING },
    sortKey: { name: sortKey, type: AttributeType.NUMBER },
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...projected],
  });
}
