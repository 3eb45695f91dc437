import type { N8nInstances, N8nSettings } from '../../../lambdas/tokens/dependencies.ts';

/** The n8n secret in memory. */
export class MemorySettings implements N8nSettings {
  instances: N8nInstances = new Map();

  async read() {
    return this.instances;
  }

  async write(instances: N8nInstances) {
    this.instances = new Map(instances);
  }
}
