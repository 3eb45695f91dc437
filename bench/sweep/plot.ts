import type { Sweep } from './run.ts';

const WIDTH = 720;
const HEIGHT = 300;
const PANEL = { left: 56, right: 16, top: 36, bottom: 48, gap: 70 };

interface Panel {
  title: string;
  /** Highest value of the vertical axis. */
  top: number;
  ticks: number[];
  scale: 'linear' | 'log';
  of: (sweep: Sweep) => number;
  /** A horizontal line to compare the values with. */
  limit: { value: number; label: string };
}

/**
 * Returns an SVG with the rotations a second and the 99th percentile of a rotation, over the number of concurrent steps.
 * Colours follow the reader's light or dark preference.
 */
export function curve(sweeps: Sweep[], quota: number): string {
  const steps = [...new Set(sweeps.map(({ concurrency }) => concurrency))].toSorted((a, b) => a - b);
  const width = (WIDTH - PANEL.left - PANEL.right - PANEL.gap) / 2;
  const panels: Panel[] = [
    {
      title: 'Rotations a second',
      top: 60,
      ticks: [0, 10, 20, 30, 40, 50, 60],
      scale: 'linear',
      of: ({ rotations }) => rotations,
      limit: { value: quota, label: `quota: ${quota}` },
    },
    {
      title: 'p99 of a rotation, seconds (log)',
      top: 50,
      ticks: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50],
      scale: 'log',
      of: ({ p99 }) => p99 / 1000,
      limit: { value: 0.5, label: 'goal: 0.5 s' },
    },
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">Rotations a second and duration of a rotation over the concurrent steps, with and without the write rate limit</title>
<style>
:root { color-scheme: light dark; --ink: #1c2330; --faint: #c9cfd8; --limited: #0b6b3a; --unlimited: #a3261b }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --faint: #3a4250; --limited: #6fd39b; --unlimited: #ff9d92 } }
text { fill: var(--ink); font: 11px system-ui, sans-serif }
.title { font-weight: 600; font-size: 13px }
.grid { stroke: var(--faint); stroke-width: 1 }
.limit { stroke: var(--ink); stroke-dasharray: 4 3 }
polyline { fill: none; stroke-width: 2 }
.limited { stroke: var(--limited) } .unlimited { stroke: var(--unlimited); stroke-dasharray: 6 3 }
circle.limited { fill: var(--limited) } circle.unlimited { fill: var(--unlimited) }
</style>
${panels.map((panel, index) => draw(panel, steps, sweeps, PANEL.left + index * (width + PANEL.gap), width)).join('\n')}
${key('limited', 'with write rate limit (deployed)', PANEL.left)}
${key('unlimited', 'without', PANEL.left + 220)}
<text x="${WIDTH - PANEL.right}" y="${HEIGHT - 10}" text-anchor="end">concurrent steps →</text>
</svg>
`;
}

function draw(
  { title, top, ticks, scale, of, limit }: Panel,
  steps: number[],
  sweeps: Sweep[],
  left: number,
  width: number,
) {
  const bottom = HEIGHT - PANEL.bottom;
  const least = ticks[0] ?? 0;
  const share = (value: number) =>
    scale === 'linear' ? value / top : Math.log(Math.max(value, least) / least) / Math.log(top / least);
  const y = (value: number) => round(bottom - share(Math.min(value, top)) * (bottom - PANEL.top));
  const x = (step: number) => round(left + (steps.indexOf(step) / (steps.length - 1)) * width);
  const across = (value: number, kind: string) =>
    `<line class="${kind}" x1="${left}" x2="${round(left + width)}" y1="${y(value)}" y2="${y(value)}"/>`;
  const line = (limited: boolean) => {
    const kind = limited ? 'limited' : 'unlimited';
    const points = sweeps
      .filter((sweep) => sweep.limited === limited)
      .map((sweep) => [x(sweep.concurrency), y(of(sweep))]);
    return [
      `<polyline class="${kind}" points="${points.map((point) => point.join(',')).join(' ')}"/>`,
      ...points.map(([cx, cy]) => `<circle class="${kind}" cx="${cx}" cy="${cy}" r="3"/>`),
    ].join('\n');
  };
  return [
    `<text class="title" x="${left}" y="18">${title}</text>`,
    ...ticks.map(
      (tick) =>
        `${across(tick, 'grid')}<text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
    ...steps.map(
      (step) =>
        `<text x="${x(step)}" y="${bottom + 16}" text-anchor="middle">${step >= 1000 ? 'all' : step}</text>`,
    ),
    across(limit.value, 'limit'),
    `<text x="${left + 4}" y="${y(limit.value) - 4}">${limit.label}</text>`,
    line(false),
    line(true),
  ].join('\n');
}

function key(kind: string, label: string, left: number): string {
  const y = HEIGHT - 10;
  return `<polyline class="${kind}" points="${left},${y - 4} ${left + 26},${y - 4}"/><text x="${left + 32}" y="${y}">${label}</text>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
