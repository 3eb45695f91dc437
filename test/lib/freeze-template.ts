import { writeFileSync } from 'node:fs';
import { everything, synthesized } from './synthesized.ts';

// `npm run freeze` writes the template of this version, with every optional resource, as the fixture that
// the upgrade tests start from. Run it for a release that adds or may change what an upgrade
// keeps, and never to make a test pass.

const file = new URL('../fixtures/template-1.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(synthesized(everything).toJSON(), null, 1)}\n`);
process.stdout.write('Wrote test/fixtures/template-1.json.\n');
