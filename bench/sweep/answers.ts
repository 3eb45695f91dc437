import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Milliseconds by the clock that all processes of a machine share. */
export const clock = () => Number(process.hrtime.bigint()) / 1e6;

/** What Node publishes before a server's own listener hears of the request. */
export interface Started {
  request: IncomingMessage;
  response: ServerResponse;
  server: Server;
}

/** Tells of each request that a server of this process is asked. */
export const onRequest = (hear: (started: Started) => void) =>
  subscribe('http.server.request.start', (message) => hear(message as Started));

/** Makes all servers of this process answer `milliseconds` after they were asked, at the earliest. */
export function holdAnswers(milliseconds: number): void {
  onRequest(({ response, server }) => {
    const due = clock() + milliseconds;
    const end = response.end;
    response.end = (...answer: unknown[]) => {
      setTimeout(() => Reflect.apply(end, response, answer), Math.max(0, due - clock()));
      return response;
    };
    // Longer than the run: AWS and Zoom do not hang up on a function that works.
    server.keepAliveTimeout = 120_000;
  });
}
