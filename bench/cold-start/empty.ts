/** The floor: the cost of Node and the runtime interface client alone. */
export const handler = async () => ({});
