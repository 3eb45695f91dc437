// Imported late, by itself: of a package that is, esbuild keeps all.
export { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
