/** https://invisible-island.net/xterm/ctlseqs/ctlseqs.html: the alternate screen keeps the scrollback as it was. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export interface Screen {
  /** Shows a text from the top of the screen. What does not fit into its height is left out, and the last line says so. */
  draw(text: string): void;
  /** Restores what the terminal showed before. */
  close(): void;
}

/**
 * Opens the terminal's alternate screen. It is left when the process ends, for whatever reason, and while the process is
 * stopped with Ctrl-Z.
 * @param redraw is called when the terminal has another size, and when the process continues
 */
export function openScreen(redraw: () => void): Screen {
  const { stdout } = process;
  const leave = () => stdout.write(LEAVE);
  const enter = () => stdout.write(ENTER);
  const stop = () => {
    leave();
    // The default action of SIGTSTP, which this listener has replaced.
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = () => {
    enter();
    redraw();
  };
  stdout.on('resize', redraw);
  process.on('SIGTSTP', stop);
  process.on('SIGCONT', resume);
  process.on('exit', leave);
  enter();
  return {
    draw(text) {
      const lines = crop(text.split('\n'), stdout.rows);
      stdout.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE_END}`).join('\r\n')}${CLEAR_BELOW}`);
    },
    close() {
      stdout.off('resize', redraw);
      process.off('SIGTSTP', stop);
      process.off('SIGCONT', resume);
      process.off('exit', leave);
      leave();
    },
  };
}

function crop(lines: string[], rows: number): string[] {
  if (lines.length <= rows) return lines;
  const shown = lines.slice(0, Math.max(0, rows - 1));
  return [...shown, `… ${lines.length - shown.length} more lines`];
}
