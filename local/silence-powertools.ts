/**
 * Import it before everything else. It turns off the functions' log lines and metrics, which are for CloudWatch: the
 * journal shows the same events as text.
 */
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
process.env.POWERTOOLS_METRICS_DISABLED = 'true';
