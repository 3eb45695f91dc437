import { jest } from '@jest/globals';

/**
 * Import this before everything else, because Powertools reads its environment when it is loaded. In development mode
 * it writes to the global console, which is captured here. The log level is the lowest, as an operator who looks for a
 * fault would set it.
 */
Object.assign(process.env, {
  POWERTOOLS_DEV: 'true',
  POWERTOOLS_LOG_LEVEL: 'DEBUG',
  POWERTOOLS_LOGGER_LOG_EVENT: 'true',
  POWERTOOLS_METRICS_DISABLED: 'false',
  POWERTOOLS_SERVICE_NAME: 'zoom-token-refresher',
  POWERTOOLS_METRICS_NAMESPACE: 'ZoomTokenRefresher',
});

const written: string[] = [];
for (const method of ['debug', 'info', 'log', 'warn', 'error', 'trace'] as const) {
  jest.spyOn(console, method).mockImplementation((...parts: unknown[]) => {
    written.push(parts.map(String).join(' '));
  });
}

/** Returns everything that the functions wrote since the last call: log lines and metrics, as text. */
export function takeOutput(): string[] {
  return written.splice(0);
}

/** Returns the log lines of the output, parsed. */
export function logLines(output: string[]): Record<string, unknown>[] {
  return output.filter((text) => text.includes('"level"')).map((text) => JSON.parse(text));
}

/** One metric with its dimensions. */
export interface Metric {
  name: string;
  unit: string;
  value: number;
  dimensions: Record<string, string>;
}

interface EmbeddedMetrics extends Record<string, unknown> {
  _aws: {
    CloudWatchMetrics: {
      Namespace: string;
      Dimensions: string[][];
      Metrics: { Name: string; Unit: string }[];
    }[];
  };
}

/**
 * Returns the metrics of the output, as CloudWatch reads them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsIn(output: string[]): Metric[] {
  const documents = output
    .filter((text) => text.includes('"_aws"'))
    .map((text): EmbeddedMetrics => JSON.parse(text));
  return documents.flatMap((document) =>
    document._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
      Metrics.map(({ Name, Unit }) => ({
        name: Name,
        unit: Unit,
        value: Number(document[Name]),
        dimensions: Object.fromEntries(Dimensions.flat().map((name) => [name, String(document[name])])),
      })),
    ),
  );
}
