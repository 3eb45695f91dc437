/** The cookie that carries a consent from `POST /connect` to the callback. Each function takes the API's own origin. */

const isSecure = (publicUrl: string) => publicUrl.startsWith('https:');

/**
 * `__Host-` binds the cookie to this very host over HTTPS (RFC 6265bis, section 4.1.3.2). Browsers discard such a cookie on
 * plain HTTP, which a local stack uses.
 */
const nameOf = (publicUrl: string) => (isSecure(publicUrl) ? '__Host-zoom-consent' : 'zoom-consent');

/**
 * Returns the value of a `Set-Cookie` header.
 * @param maxAge seconds; 0 deletes the cookie
 */
export function setCookie(publicUrl: string, value: string, maxAge: number): string {
  const secure = isSecure(publicUrl) ? '; Secure' : '';
  return `${nameOf(publicUrl)}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

/**
 * Returns the value of the cookie, `undefined` without one.
 * @param cookies `name=value` pairs, as API Gateway passes them
 */
export function readCookie(publicUrl: string, cookies: string[]): string | undefined {
  const start = `${nameOf(publicUrl)}=`;
  return cookies.find((cookie) => cookie.startsWith(start))?.slice(start.length);
}
