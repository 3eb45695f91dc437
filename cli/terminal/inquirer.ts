// The package as a whole holds an editor's prompt with the character sets of every country.
export { confirm, input, password, select } from '@inquirer/prompts';
