import { createRequire } from 'node:module';
import { createLevel } from './level.ts';
import { type Parse, parseOnce } from './parse-once.ts';

/** A request's or response's body, as the API's JSON has it. */
export type Body = Record<string, unknown>;

/** The result of an operation of DynamoDB: its output, or an error with its `__type`. */
export interface Result {
  status: number;
  output: Body;
}

/** Performs an operation, such as `GetItem`. Rejects where the service itself fails. */
export type Perform = (operation: string, input: Body) => Promise<Result>;

interface Store {
  db: object;
}

type Ended = (error: (Error & { statusCode?: number; body?: Body }) | null, output?: Body) => void;

/** An operation as dynalite implements it. */
interface Operation {
  types: object;
  custom?: unknown;
  act: (store: Store, input: Body, ended: Ended) => void;
}

const require = createRequire(import.meta.url);
const db: { create(options: { createTableMs: number }): Store } = require('dynalite/db');
const validations: {
  checkTypes(input: Body, types: object): Body;
  checkValidations(input: Body, types: object, custom: unknown, store: Store): void;
} = require('dynalite/validations');

for (const name of ['condition', 'projection', 'update']) {
  const parser: { parse: Parse; original?: Parse } = require(`dynalite/db/${name}Parser`);
  // The test files of a process share the package.
  if (!parser.original) Object.assign(parser, { original: parser.parse, parse: parseOnce(parser.parse) });
}

const OPERATIONS = new Map<string, Operation>(
  [
    'BatchGetItem',
    'BatchWriteItem',
    'CreateTable',
    'DeleteItem',
    'DeleteTable',
    'DescribeTable',
    'DescribeTimeToLive',
    'GetItem',
    'ListTables',
    'ListTagsOfResource',
    'PutItem',
    'Query',
    'Scan',
    'TagResource',
    'UntagResource',
    'UpdateItem',
    'UpdateTable',
  ].map((name) => {
    const file = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    return [name, { ...require(`dynalite/validations/${file}`), act: require(`dynalite/actions/${file}`) }];
  }),
);

/**
 * Creates a DynamoDB in memory without tables: dynalite's checks and actions (https://github.com/architect/dynalite),
 * without its server.
 */
export function createDynalite(): Perform {
  const store = db.create({ createTableMs: 0 });
  Object.assign(store.db, createLevel());

  return (operation, input) => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const ended: Ended = (error, output = {}) => {
      if (!error) resolve({ status: 200, output });
      else if (error.statusCode && error.body) resolve({ status: error.statusCode, output: error.body });
      else reject(error);
    };
    const { types, custom, act } = OPERATIONS.get(operation) ?? UNKNOWN;
    try {
      const checked = validations.checkTypes(input, types);
      validations.checkValidations(checked, types, custom, store);
      act(store, checked, ended);
    } catch (error) {
      ended(error as Error);
    }
    return promise;
  };
}

const UNKNOWN: Operation = {
  types: {},
  act: (_store, _input, ended) => {
    const body = { __type: 'com.amazon.coral.service#UnknownOperationException' };
    ended(Object.assign(new Error('Unknown operation'), { statusCode: 400, body }));
  },
};
