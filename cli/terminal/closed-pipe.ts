import { EXIT } from '../errors.ts';

/** Codes of a write whose reader is gone: a pipe (EPIPE, and EOF on Windows), a terminal (EIO). */
const CLOSED = new Set(['EPIPE', 'EOF', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/**
 * Ends the program silently when the reader of standard output is gone, as `head -1` and a pager that the person quits.
 * Node ignores SIGPIPE and reports an error instead. A command whose standard error has no reader continues: its result
 * goes to standard output, and its exit status is its own.
 */
export function endOnClosedPipe(): void {
  process.stdout.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
    if (CLOSED.has(code)) process.exit(EXIT.closedPipe);
    process.stderr.write(
      `✖ Standard output cannot be written (${code}).\n  Free the disk, or write to another file.\n`,
    );
    process.exit(EXIT.failed);
  });
  // Where it cannot be written for another reason either, there is no place left to say so.
  process.stderr.on('error', () => {});
}
