import http from 'node:http';
import https from 'node:https';

/**
 * Returns agents whose requests all take the proxy. An https target is reached through CONNECT.
 * https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support
 * @param ca certificates in PEM that are trusted instead of Node's own
 */
export function createAgents(proxy: URL | undefined, ca?: string[]) {
  const options = {
    keepAlive: true,
    ...(proxy && { proxyEnv: { http_proxy: proxy.href, https_proxy: proxy.href } }),
  };
  return {
    httpAgent: new http.Agent(options),
    httpsAgent: new https.Agent({ ...options, ...(ca && { ca }) }),
  };
}
