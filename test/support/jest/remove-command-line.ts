import { rm } from 'node:fs/promises';

/** Removes what `build-command-line.ts` has built. */
export default async function removeCommandLine(): Promise<void> {
  await rm(process.env.ZOOM_TOKENS_PACKAGE ?? '', { recursive: true, force: true });
}
