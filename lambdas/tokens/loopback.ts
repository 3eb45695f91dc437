const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Is this host, as `URL.hostname` writes it, the machine itself? Plain HTTP goes no further. */
export const isLoopback = (hostname: string) => LOOPBACK.has(hostname);
