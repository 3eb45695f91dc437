/**
 * Which folder may import which, from the bottom to the top:
 * contract < tokens < aws, web < the handlers; contract < lib; contract, operator-protocol < cli; cli, lib < bin;
 * all of lambdas < local; lib < scripts; and on top bench and test, which measure and check all of it.
 * https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md
 */

/** Every folder with code. A path of another folder is a package or a module of Node. */
const PROJECT = '^(bench|bin|cli|lambdas|lib|local|scripts|test)/';

/** A rule that files matching `from` import no file of the project but those matching `allowed`. */
const importsOnly = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: PROJECT, pathNot: allowed },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'contract-imports-nothing',
      comment: 'Every folder imports lambdas/contract.ts, so it must depend on nothing.',
      severity: 'error',
      from: { path: '^lambdas/contract\\.ts$' },
      to: {},
    },
    importsOnly(
      'tokens-imports-only-contract',
      'The domain takes its clock, HTTP and store as arguments; see docs/adr.',
      '^lambdas/tokens/',
      '^lambdas/(tokens/|contract\\.ts$)',
    ),
    {
      name: 'tokens-uses-no-aws-package',
      comment: 'The domain knows neither AWS nor Lambda, not even their types.',
      severity: 'error',
      from: { path: '^lambdas/tokens/' },
      to: { path: '@aws-sdk/|@smithy/|@aws-lambda-powertools/|@middy/|@types/aws-lambda' },
    },
    importsOnly(
      'operator-protocol-imports-only-tokens',
      'It re-exports to the command line what that needs of the domain.',
      '^lambdas/operator-protocol\\.ts$',
      '^lambdas/(tokens/|contract\\.ts$)',
    ),
    importsOnly(
      'aws-imports-only-tokens',
      "lambdas/aws implements the domain's ports. It knows no handler and no page.",
      '^lambdas/aws/',
      '^lambdas/(aws/|tokens/|contract\\.ts$)',
    ),
    importsOnly(
      'web-imports-only-tokens',
      'lambdas/web knows no handler and no AWS client. It may write logs and metrics.',
      '^lambdas/web/',
      '^lambdas/(web/|tokens/|contract\\.ts$|observability\\.ts$)',
    ),
    importsOnly(
      'lambdas-imports-only-lambdas',
      'The functions know nothing of their infrastructure or of the command line.',
      '^lambdas/',
      '^lambdas/',
    ),
    {
      name: 'lambdas-uses-few-packages',
      comment:
        'A package that is not listed here is bundled into no function. Type-only imports are allowed: they are gone at run time.',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: {
        path: 'node_modules/',
        pathNot:
          'node_modules/(@aws-lambda-powertools|@aws-sdk|@middy|@smithy/signature-v4|@types|jose|oauth4webapi|p-limit|p-map|valibot)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    importsOnly(
      'lib-imports-only-contract',
      "The infrastructure shares the contract with the functions, and nothing of the functions' code.",
      '^lib/',
      '^(lib/|lambdas/contract\\.ts$)',
    ),
    importsOnly(
      'cli-imports-only-contract-and-operator-protocol',
      'The command line reaches the functions by Lambda Invoke alone.',
      '^cli/',
      '^(cli/|lambdas/(contract|operator-protocol)\\.ts$)',
    ),
    importsOnly(
      'bin-imports-only-cli-and-lib',
      'bin/ starts programs and holds no logic.',
      '^bin/',
      '^(bin|cli|lib)/',
    ),
    importsOnly(
      'local-imports-only-lambdas',
      'The local stack runs the functions. Tests and benchmarks are built on it, not the other way round.',
      '^local/',
      '^(local|lambdas)/',
    ),
    importsOnly(
      'scripts-imports-only-lib',
      'Scripts bundle the functions as lib/ does.',
      '^scripts/',
      '^(scripts|lib)/',
    ),
    importsOnly(
      'bench-imports-no-test',
      'Benchmarks may use the harnesses of test/support, such as the store in memory, but no test.',
      '^bench/',
      '^(bench|lambdas|lib|local|scripts|test/support)/',
    ),
    importsOnly(
      'test-support-imports-no-test',
      'Harnesses are below the tests and the benchmarks that use them.',
      '^test/support/(?!.*\\.test\\.ts$)',
      '^(test/support|lambdas|local|lib/bundling)/',
    ),
    {
      name: 'nothing-imports-bin',
      comment: 'The files of bin/ are programs: to import one starts it.',
      severity: 'error',
      from: { pathNot: '^bin/' },
      to: { path: '^bin/' },
    },
    {
      name: 'no-circles',
      comment: 'Type-only imports count too. Move what both files need into a third one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
