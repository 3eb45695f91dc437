declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A DynamoDB with a server of its own; https://github.com/architect/dynalite */
  export default function dynalite(options?: { createTableMs?: number }): Server;
}
