/**
 * Remembers the environment variables, the global object's properties and the exit code of this process.
 * @returns what undoes every change of them; properties that were added stay, as packages keep their state in such
 */
export function rememberProcess(): () => void {
  const variables = { ...process.env };
  const globals = Object.getOwnPropertyDescriptors(globalThis);
  const { exitCode, getBuiltinModule } = process;
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
    Object.assign(process.env, variables);
    for (const [name, earlier] of Object.entries(globals)) {
      if (Object.getOwnPropertyDescriptor(globalThis, name)?.value !== earlier.value) {
        Object.defineProperty(globalThis, name, earlier);
      }
    }
    Object.assign(process, { exitCode, getBuiltinModule });
  };
}
