import { createFunctions } from './handlers.ts';
import { createN8nOperator } from './n8n-operator.ts';
import { startN8n } from './n8n-server.ts';
import { startServices } from './services.ts';

export type N8nInstallation = Awaited<ReturnType<typeof startN8nInstallation>>;

/** Starts the services and an n8n, and connects the Server-to-Server connection `main`. */
export async function startN8nInstallation() {
  const services = await startServices();
  const functions = createFunctions(services);
  const office = await startN8n();
  const operator = createN8nOperator(functions, office);
  services.watch.note('the API key of n8n', office.n8n.apiKey);
  await operator.connectServer('main');
  return { services, functions, office, operator };
}
