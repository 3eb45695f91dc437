/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'the-domain-knows-no-aws-and-no-lambda',
      comment: 'lambdas/tokens takes its clock, HTTP and store as arguments; see docs/adr.',
      severity: 'error',
      from: { path: '^lambdas/tokens/' },
      to: {
        path: '^(lambdas/(?!tokens/|contract.ts)|local/|lib/|bin/|cli/|test/)|@aws-sdk/|@aws-lambda-powertools/|@middy/|@types/aws-lambda',
      },
    },
    {
      name: 'what-is-deployed-knows-nothing-of-local',
      severity: 'error',
      from: { path: '^(lambdas|lib|bin|cli)/' },
      to: { path: '^(local|test)/' },
    },
    {
      name: 'functions-know-nothing-of-their-infrastructure',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { path: '^(lib|bin|cli)/|aws-cdk-lib|constructs' },
    },
    {
      name: 'functions-need-few-packages',
      comment:
        'A package that is not listed here is bundled into no function. Types alone may come from any; they are gone at run time.',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: {
        path: 'node_modules/',
        pathNot:
          'node_modules/(@aws-lambda-powertools|@aws-sdk|@middy|@types|jose|oauth4webapi|p-map|valibot)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
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
