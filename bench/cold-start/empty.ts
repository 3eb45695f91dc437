/** The floor: what Node and the runtime interface client take by themselves. */
export const handler = async () => ({});
