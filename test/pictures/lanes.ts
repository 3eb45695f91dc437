import { manualClock } from '../../local/clock.ts';
import { stateOf } from '../../local/page/state.ts';
import { SECONDS_BETWEEN_CALLS, type ZoomCall } from '../../local/sample-n8n.ts';
import { startLocalStack } from '../../local/stack.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';

const CALLS = 30;
const MINUTE = 60;
const HOUR = 3600;

/** A call, and the minutes for which n8n's token and the pasted one were still valid. */
interface Column extends ZoomCall {
  left: number;
  pastedLeft: number;
}

/** Runs the local stack for two and a half hours of its clock. Returns the calls of the sample n8n. */
export async function record(): Promise<Column[]> {
  const clock = manualClock();
  const stack = await startLocalStack({ now: clock.now, speed: 1, port: 0 });
  try {
    await consentAsBrowser(`${stack.publicUrl}/link/main`);
    const connectedAt = clock.now();
    const columns: Column[] = [];
    for (let calls = 0; calls < CALLS; calls += 1) {
      for (let minutes = 0; minutes < SECONDS_BETWEEN_CALLS / MINUTE; minutes += 1) {
        clock.advance(MINUTE);
        await stack.sweep();
      }
      await stack.n8n.readSecrets();
      await stack.n8n.callZoom();
      const { connections } = await stateOf(stack, { search: 'main', page: 0 });
      const call = connections[0]?.calls.at(-1);
      if (!call) throw new Error('The sample n8n has not called Zoom.');
      const left = (until: number) => Math.max(0, (until - call.at) / MINUTE);
      columns.push({
        ...call,
        left: left(connections[0]?.validUntil ?? 0),
        pastedLeft: left(connectedAt + HOUR),
      });
    }
    return columns;
  } finally {
    await stack.close();
  }
}

const WIDTH = 820;
const LEFT = 20;
const STEP = 26;
const BAR = 44;
const SECONDS = 12;

/** Returns the picture. A cover moves to the right, so that the calls appear one after the other. */
export function draw(columns: Column[]): string {
  const good = (lane: 'withUs' | 'withoutUs') => columns.filter((column) => column[lane] === 200).length;
  const lane = (y: number, name: string, title: string, cells: string[]) =>
    [
      `<text class="title" x="${LEFT}" y="${y}">${title}</text>`,
      `<text class="note" x="${WIDTH - LEFT}" y="${y}" text-anchor="end">${name}</text>`,
      ...cells,
    ].join('\n');
  const cells = (y: number, status: 'withUs' | 'withoutUs', left: 'left' | 'pastedLeft') =>
    columns.map((column, index) => {
      const x = LEFT + index * STEP;
      const height = Math.round((column[left] / 60) * BAR);
      const tone = column[status] === 200 ? 'good' : 'bad';
      return [
        `<rect class="bar" x="${x}" y="${y + BAR - height}" width="${STEP - 3}" height="${height}"/>`,
        `<rect class="${tone}" x="${x}" y="${y + BAR + 4}" width="${STEP - 3}" height="16" rx="3"/>`,
        `<text class="code" x="${x + (STEP - 3) / 2}" y="${y + BAR + 16}">${column[status]}</text>`,
      ].join('');
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 262" role="img" aria-labelledby="title desc" font-family="ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="14">
<title id="title">n8n’s requests to Zoom, with zoom-token-refresher and without it</title>
<desc id="desc">Every five minutes for two and a half hours, n8n calls Zoom. With zoom-token-refresher ${good('withUs')} of ${CALLS} calls succeed, because the token is replaced before it expires. With a token that was pasted once, ${good('withoutUs')} of ${CALLS} succeed, and all later ones get 401.</desc>
<style>
.paper { fill: #ffffff; stroke: #d0d7de }
.cover { fill: #ffffff }
.bar { fill: #b6c3d1 }
.good { fill: #0b6b3a }
.bad { fill: #a3261b }
text { fill: #1f2328 }
.title { font-weight: 600 }
.note { fill: #57606a; font-size: 12.5px }
.code { fill: #ffffff; font-size: 10.5px; font-weight: 600; text-anchor: middle }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117; stroke: #30363d }
.cover { fill: #0d1117 }
.bar { fill: #3d4a5a }
text { fill: #f0f6fc }
.note { fill: #adb5bf }
}
.cover { animation: uncover ${SECONDS}s steps(${CALLS}) infinite }
@keyframes uncover { 75%, 100% { transform: translateX(${CALLS * STEP}px) } }
@media (prefers-reduced-motion: reduce) { .cover { display: none } }
</style>
<rect class="paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="261" rx="8"/>
<clipPath id="calls"><rect x="${LEFT}" y="30" width="${CALLS * STEP}" height="224"/></clipPath>
${lane(24, 'bar: how long n8n’s token is still valid', 'With zoom-token-refresher', cells(32, 'withUs', 'left'))}
${lane(128, 'code: Zoom’s response to n8n, every five minutes', 'Without it: a token pasted into n8n once', cells(136, 'withoutUs', 'pastedLeft'))}
<g clip-path="url(#calls)"><rect class="cover" x="${LEFT}" y="31" width="${CALLS * STEP}" height="76"/><rect class="cover" x="${LEFT}" y="135" width="${CALLS * STEP}" height="76"/></g>
<text class="note" x="${LEFT}" y="240">Recorded from the local stack of npm start: two and a half hours of the connection “main”.</text>
</svg>
`;
}
