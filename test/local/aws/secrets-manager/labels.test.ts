import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { standIn, token } from './stand-in.ts';

let local: Awaited<ReturnType<typeof standIn>>;
beforeAll(async () => {
  local = await standIn();
});
afterAll(() => local.close());

const labels = async (SecretId: string) => (await local.aws.describeSecret({ SecretId })).VersionIdsToStages;

/** A secret whose version 2 is AWSCURRENT and version 1 AWSPREVIOUS. */
async function secretOfTwo(): Promise<string> {
  const id = randomUUID();
  await local.aws.createSecret({ Name: id, SecretString: 'one', ClientRequestToken: token(1) });
  await local.aws.putSecretValue({ SecretId: id, SecretString: 'two', ClientRequestToken: token(2) });
  return id;
}

const move = (SecretId: string, VersionStage: string, from: number | undefined, to: number | undefined) =>
  local.aws.updateSecretVersionStage({
    SecretId,
    VersionStage,
    RemoveFromVersionId: from === undefined ? undefined : token(from),
    MoveToVersionId: to === undefined ? undefined : token(to),
  });

describe('UpdateSecretVersionStage', () => {
  test('moves AWSPREVIOUS with AWSCURRENT, and a read without a version returns the new current value', async () => {
    const id = await secretOfTwo();
    await move(id, 'AWSCURRENT', 2, 1);
    expect(await labels(id)).toEqual({ [token(1)]: ['AWSCURRENT'], [token(2)]: ['AWSPREVIOUS'] });
    expect((await local.aws.getSecretValue({ SecretId: id })).SecretString).toBe('one');
  });

  test('rejects a wrong RemoveFromVersionId and changes nothing', async () => {
    const id = await secretOfTwo();
    const before = await labels(id);
    for (const [from, to] of [
      [1, 1],
      [9, 1],
      [undefined, 1],
    ] as const) {
      await expect(move(id, 'AWSCURRENT', from, to)).rejects.toMatchObject({
        name: 'InvalidParameterException',
      });
    }
    expect(await labels(id)).toEqual(before);
  });

  test('names the version that holds the label when RemoveFromVersionId is missing', async () => {
    const id = await secretOfTwo();
    await expect(move(id, 'AWSCURRENT', undefined, 1)).rejects.toMatchObject({
      message: expect.stringContaining(
        `Staging label AWSCURRENT is currently attached to version ${token(2)}`,
      ),
    });
  });

  test('changes nothing when the version holds the label already', async () => {
    const id = await secretOfTwo();
    const before = await labels(id);
    await move(id, 'AWSCURRENT', undefined, 2);
    expect(await labels(id)).toEqual(before);
  });

  test('attaches, moves and removes a custom label', async () => {
    const id = await secretOfTwo();
    await move(id, 'blue', undefined, 1);
    await move(id, 'blue', 1, 2);
    expect(await labels(id)).toEqual({ [token(1)]: ['AWSPREVIOUS'], [token(2)]: ['AWSCURRENT', 'blue'] });
    await move(id, 'blue', 2, undefined);
    expect(await labels(id)).toEqual({ [token(1)]: ['AWSPREVIOUS'], [token(2)]: ['AWSCURRENT'] });
  });

  test('refuses to remove AWSCURRENT without moving it', async () => {
    const id = await secretOfTwo();
    await expect(move(id, 'AWSCURRENT', 2, undefined)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message:
        "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    });
  });

  test('refuses a move without any version, or to an unknown version', async () => {
    const id = await secretOfTwo();
    await expect(move(id, 'blue', undefined, undefined)).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(move(id, 'blue', undefined, 9)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('refuses more than 20 labels on a version', async () => {
    const id = await secretOfTwo();
    const many = Array.from({ length: 19 }, (_, n) => `label-${n}`);
    const put = (VersionStages: string[]) =>
      local.aws.putSecretValue({
        SecretId: id,
        SecretString: 'three',
        ClientRequestToken: token(3),
        VersionStages,
      });
    await expect(put([...many, 'a', 'b'])).rejects.toMatchObject({ name: 'ValidationException' });
    await put([...many, 'twentieth']);
    await expect(move(id, 'one-more', undefined, 3)).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
  });
});

interface Put {
  kind: 'put';
  version: number;
  content: 'a' | 'b';
  labels: string[] | undefined;
}
interface Move {
  kind: 'move';
  label: string;
  from: number | undefined;
  to: number | undefined;
}

const version = fc.integer({ min: 1, max: 4 });
const label = fc.constantFrom('AWSCURRENT', 'AWSPENDING', 'blue');
const step: fc.Arbitrary<Put | Move> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    version,
    content: fc.constantFrom('a' as const, 'b' as const),
    labels: fc.option(fc.uniqueArray(label, { minLength: 1 }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('move' as const),
    label,
    from: fc.option(version, { nil: undefined }),
    to: fc.option(version, { nil: undefined }),
  }),
);

/** Expected state after puts and label moves: the versions' contents, and where each label is. */
class Model {
  readonly contents = new Map<number, string>();
  readonly on = new Map<string, number>();

  /** @returns whether AWS accepts the step. */
  apply(step: Put | Move): boolean {
    return step.kind === 'put' ? this.#put(step) : this.#move(step);
  }

  #put({ version, content, labels = ['AWSCURRENT'] }: Put): boolean {
    const known = this.contents.get(version);
    if (known !== undefined) return known === content;
    const isFirst = this.contents.size === 0;
    this.contents.set(version, content);
    for (const label of isFirst ? [...labels, 'AWSCURRENT'] : labels) this.#attach(label, version);
    return true;
  }

  #move({ label, from, to }: Move): boolean {
    const holder = this.on.get(label);
    if (to === undefined) {
      if (from === undefined || from !== holder || label === 'AWSCURRENT') return false;
      return this.on.delete(label);
    }
    if (!this.contents.has(to) || (from !== undefined && from !== holder)) return false;
    if (from === undefined && holder !== undefined && holder !== to) return false;
    this.#attach(label, to);
    return true;
  }

  #attach(label: string, version: number): void {
    const holder = this.on.get(label);
    this.on.set(label, version);
    if (label === 'AWSCURRENT' && holder !== undefined && holder !== version)
      this.on.set('AWSPREVIOUS', holder);
  }
}

test('after any puts and label moves, each label is on one version, one version is AWSCURRENT, and AWSPREVIOUS is the version that was current before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const id = randomUUID();
      await local.aws.createSecret({ Name: id });
      const model = new Model();
      let current: string | undefined;
      let lastCurrent: string | undefined;
      for (const step of steps) {
        const sent =
          step.kind === 'put'
            ? local.aws.putSecretValue({
                SecretId: id,
                ClientRequestToken: token(step.version),
                SecretString: step.content,
                VersionStages: step.labels,
              })
            : move(id, step.label, step.from, step.to);
        const accepted = await sent.then(
          () => true,
          () => false,
        );
        expect(accepted).toBe(model.apply(step));

        const shown = Object.entries((await labels(id)) ?? {});
        const attached = shown.flatMap(([version, labels]) => labels.map((label) => ({ label, version })));
        const withLabel = (name: string) =>
          attached.filter(({ label }) => label === name).map(({ version }) => version);
        expect(new Set(attached.map(({ label }) => label)).size).toBe(attached.length);
        expect(withLabel('AWSCURRENT')).toHaveLength(model.contents.size > 0 ? 1 : 0);
        const [nowCurrent] = withLabel('AWSCURRENT');
        if (nowCurrent !== current) [current, lastCurrent] = [nowCurrent, current];
        expect(withLabel('AWSPREVIOUS')).toEqual(lastCurrent === undefined ? [] : [lastCurrent]);
        const expected = Array.from(model.on, ([label, on]) => ({ label, version: token(on) }));
        expect(attached).toHaveLength(expected.length);
        expect(attached).toEqual(expect.arrayContaining(expected));
      }
    }),
    { numRuns: 60 },
  );
});
