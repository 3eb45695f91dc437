import vm from 'node:vm';

/** Stands for the main context of the process. Jest requires a context, and `node:vm` has no object for the main one. */
export const MAIN_CONTEXT: vm.Context = {};

const { SourceTextModule, SyntheticModule, compileFunction } = vm;

/** The functions made of Jest's own modules. Each test file calls them anew, so each has modules of its own. */
const compiled = new Map<string, { code: string; made: ReturnType<typeof compileFunction> }>();

const inMainContext = <Options extends { context?: vm.Context | undefined }>({
  context,
  ...options
}: Options) => (context === MAIN_CONTEXT ? options : { context, ...options });

Object.assign(vm, {
  SourceTextModule: class extends SourceTextModule {
    constructor(code: string, options: vm.SourceTextModuleOptions) {
      super(code, inMainContext(options));
    }
  },
  SyntheticModule: class extends SyntheticModule {
    constructor(names: string[], evaluate: () => void, options: vm.SyntheticModuleOptions) {
      super(names, evaluate, inMainContext(options));
    }
  },
  compileFunction(
    code: string,
    parameters: string[],
    { parsingContext, ...options }: vm.CompileFunctionOptions,
  ) {
    if (parsingContext !== MAIN_CONTEXT)
      return compileFunction(code, parameters, { parsingContext, ...options });
    const name = `${options.filename} ${parameters.join()}`;
    const known = compiled.get(name);
    if (known?.code === code) return known.made;
    const made = compileFunction(code, parameters, options);
    compiled.set(name, { code, made });
    return made;
  },
});
