// Prints what failed and why, how each suite ended, and last the sum of all as `N passed, N failed`.
// Usage: node .ci/count.ts <folder of reports> <number of failed steps>
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is read of a report of vitest's. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  /** Why the file itself could not be run; empty when it could. */
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

/** How much of a failure's text is printed: its beginning says what was expected. */
const LONGEST_REASON = 1_500;

const [folder = '', failedSteps = '0'] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);

print('');
if (failed > 0) print(`steps: ${failed} failed`);
for (const file of readdirSync(folder).filter((name) => name.endsWith('.exit'))) {
  const name = file.slice(0, -'.exit'.length);
  const exitCode = Number(readFileSync(join(folder, file), 'utf8'));
  const suite = countsOf(join(folder, `${name}.json`), exitCode);
  passed += suite.passed;
  failed += suite.failed;
  const skipped = suite.skipped === 0 ? '' : `, ${suite.skipped} skipped`;
  print(`${name}: ${suite.passed} passed, ${suite.failed} failed${skipped}`);
}
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** A suite that ends badly counts as one failure, also where no test of it did. */
function countsOf(
  reportPath: string,
  exitCode: number,
): { readonly passed: number; readonly failed: number; readonly skipped: number } {
  const minimumFailed = exitCode === 0 ? 0 : 1;
  if (!existsSync(reportPath)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report;
  report.testResults.forEach(printFailures);
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: Math.max(report.numFailedTests + brokenFiles.length, minimumFailed),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The failures once more, near the end of the output, which is all that some keep of it. */
function printFailures({ name, status, message, assertionResults }: TestFile): void {
  if (status === 'failed' && assertionResults.length === 0) {
    print(`FAILED ${name}\n${message.slice(0, LONGEST_REASON)}`);
  }
  for (const { fullName, failureMessages } of assertionResults.filter(
    (result) => result.status === 'failed',
  )) {
    print(`FAILED ${name} > ${fullName}\n${failureMessages.join('\n').slice(0, LONGEST_REASON)}`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
