/** The facts about the present commit that `npm run release` checks. */
interface Candidate {
  /** The version in package.json. */
  version: string;
  changelog: string;
  branch: string;
  /** The output of `git status --porcelain`. */
  changes: string;
  tags: string[];
}

/** Returns why the commit cannot be released, each with what to change; nothing if it can. */
export function releaseProblems({ version, changelog, branch, changes, tags }: Candidate): string[] {
  const problems: string[] = [];
  if (branch !== 'main') problems.push(`The branch is "${branch}". Run: git switch main`);
  if (changes !== '') problems.push('There are uncommitted changes. Commit them first.');
  if (tags.includes(`v${version}`))
    problems.push(`The tag v${version} exists. Set the next version in package.json and package-lock.json.`);
  const sections = sectionsOf(changelog);
  const section = sections.get(version);
  if (!section) {
    problems.push(
      `CHANGELOG.md has no section of ${version} with a date. Add it below Unreleased: ## [${version}] - ${new Date().toISOString().slice(0, 10)}`,
    );
  } else if (section.trim() === '') problems.push(`CHANGELOG.md says nothing about ${version}.`);
  if ((sections.get('Unreleased') ?? '').trim() !== '')
    problems.push(`CHANGELOG.md has unreleased entries. Move them into the section of ${version}.`);
  return problems;
}

/** Returns the texts of the sections `## [Unreleased]` and `## [<version>] - <date>`, by version. */
function sectionsOf(changelog: string): Map<string, string> {
  return new Map(
    changelog.split(/^(?=## \[)/m).flatMap((text) => {
      const [heading, version] = /^## \[(?:(Unreleased)|([\d.]+)\] - \d{4}-\d{2}-\d{2}$)/m.exec(text)
        ? [text.split('\n', 1)[0] ?? '', /\[([^\]]+)\]/.exec(text)?.[1] ?? '']
        : ['', ''];
      return version === '' ? [] : [[version, text.slice(heading.length)] as const];
    }),
  );
}
