import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Returns milliseconds of the clock that all processes of a machine share. */
export const clock = () => Number(process.hrtime.bigint()) / 1e6;

/** Node's message on the channel `http.server.request.start`, before the server's own listener runs. */
export interface RequestStart {
  request: IncomingMessage;
  response: ServerResponse;
  server: Server;
}

/** Calls `listener` for each request to a server of this process. */
export const onRequest = (listener: (started: RequestStart) => void) =>
  subscribe('http.server.request.start', (message) => listener(message as RequestStart));

/** Delays the responses of all servers of this process until `milliseconds` after their requests. */
export function addLatency(milliseconds: number): void {
  onRequest(({ response, server }) => {
    const due = clock() + milliseconds;
    const end = response.end;
    response.end = (...body: unknown[]) => {
      setTimeout(() => Reflect.apply(end, response, body), Math.max(0, due - clock()));
      return response;
    };
    // Longer than a run, because AWS and Zoom keep the connections of a working function open.
    server.keepAliveTimeout = 120_000;
  });
}
