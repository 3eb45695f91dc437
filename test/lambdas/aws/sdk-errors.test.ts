import { expect, test } from '@jest/globals';
import { awsFailure } from '../../../lambdas/aws/sdk-errors.ts';

test.each(['ThrottlingException', 'InternalServerError'])(
  'a command that meets %s of AWS says to repeat it, because the sweeps alone retry',
  (name) => {
    const error = Object.assign(new Error('Try later.'), { name });
    expect(awsFailure(error, 'write the table')).toMatchObject({
      class: 'retry',
      action: expect.stringMatching(/^The sweeps retry by themselves\. Repeat anything else in a minute\./),
    });
  },
);
