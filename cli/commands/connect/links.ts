import { formatLink } from '../../connection/open-links.ts';
import { EXIT } from '../../errors.ts';
import type { Session } from '../../session.ts';
import { paint } from '../../terminal/output.ts';

/** Takes back the links that wait for a connection. */
export async function cancelLinks(connection: string, { operator, output }: Session): Promise<void> {
  const result = await output.withSpinner('Taking the link back', () =>
    operator.request('links-cancel', { connection }),
  );
  output.printJson(result);
  const { cancelled } = result;
  if (cancelled.length === 0) {
    output.print(`No link waits for "${connection}".`);
    return;
  }
  const links = cancelled.length === 1 ? 'The link' : `${cancelled.length} links`;
  output.print(`${links} for "${connection}" cannot be used any more.`);
}

/** Makes the links anew that a key rotation has ended, and prints each with its connection. */
export async function renewLinks({ operator, output }: Session): Promise<void> {
  const result = await output.withSpinner('Making the links anew', () => operator.request('links-renew', {}));
  output.printJson(result);
  const { renewed, notRenewed = [] } = result;
  if (renewed.length + notRenewed.length === 0) {
    output.print('No link was ended by a key rotation.');
    return;
  }
  if (renewed.length > 0) output.print('Send each person the new link. The old one opens nothing any more.');
  for (const link of renewed) output.print(`\n${formatLink(link, link.createdAt)}\n  ${link.link}`);
  for (const { connection, error } of notRenewed) {
    output.print(`\n${paint('red', '✖')} ${connection}: no new link. ${error.message}\n  ${error.action}`);
  }
  if (notRenewed.length > 0) process.exitCode = EXIT.failed;
}
