// Imported late, by itself: of a package that is, esbuild keeps all.
export { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
