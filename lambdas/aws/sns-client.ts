// A module of its own: esbuild bundles the whole of a package that is imported dynamically.
export { GetTopicAttributesCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
