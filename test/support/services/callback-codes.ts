import type { Runtime } from '../../../lambdas/runtime.ts';
import { readPage } from '../browser/read-page.ts';
import { type BrowserResponse, createFunctions, type Functions, functionsWith } from './handlers.ts';
import { type Services, startServices } from './services.ts';

/** Text of the page for a repeated callback once the connection "main" is made. */
export const DONE = 'You’re already done: “main” is connected. You can close this tab.';

export interface CountedCodes {
  services: Services;
  functions: Functions & { runtime: Runtime };
  /** The authorization codes that were sent to Zoom, in order. */
  codes: string[];
  /** Is called instead of each exchange of a code, and may make it. */
  exchange: <T>(send: () => Promise<T>) => Promise<T>;
}

/** Starts the services, and functions whose exchanges of codes are counted. */
export async function countCodes(): Promise<CountedCodes> {
  const services = await startServices();
  const { runtime } = createFunctions(services);
  const { zoom } = runtime;
  const counting: Runtime = {
    ...runtime,
    zoom: {
      ...zoom,
      exchangeCode: (app, code, verifier) => {
        counted.codes.push(code);
        return counted.exchange(() => zoom.exchangeCode(app, code, verifier));
      },
    },
  };
  const counted: CountedCodes = {
    services,
    functions: { runtime: counting, ...functionsWith(() => counting, services) },
    codes: [],
    exchange: (send) => send(),
  };
  return counted;
}

/** Holds the next exchange. Returns a promise for its begin, and the function that lets it go on. */
export function holdExchange(counted: CountedCodes) {
  const begun = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  counted.exchange = async (send) => {
    begun.resolve();
    await free.promise;
    return send();
  };
  return { begun: begun.promise, release: () => free.resolve() };
}

export const paragraphsOf = ({ body }: Pick<BrowserResponse, 'body'>) => readPage(body).paragraphs;

/** Returns the cookies that a browser keeps after a response. */
export const keptCookies = ({ cookies }: Pick<BrowserResponse, 'cookies'>) =>
  cookies.map((line) => line.slice(0, line.indexOf(';')));
