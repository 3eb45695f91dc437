// Imported late, by itself: of a package that is, esbuild keeps all.
export { CloudWatchLogsClient, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
