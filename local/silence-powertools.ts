/**
 * Imported before everything else: the functions' log lines and metrics are for CloudWatch. What they log is shown
 * through the journal, as text for a person.
 */
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
process.env.POWERTOOLS_METRICS_DISABLED = 'true';
