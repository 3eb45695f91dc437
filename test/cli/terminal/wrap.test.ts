import { describe, expect, test } from '@jest/globals';
import { wrapText } from '../../../cli/terminal/wrap.ts';

describe('wrapText', () => {
  test('a text that no terminal shows stays as it is', () => {
    expect(wrapText('a '.repeat(100), undefined)).toBe('a '.repeat(100));
  });

  test('a line that fits stays as it is', () => {
    expect(wrapText('one  two', 8)).toBe('one  two');
  });

  test('a line continues under its own text, after its mark and its styles', () => {
    expect(wrapText('\x1b[31m✖\x1b[39m main: one two three', 14)).toBe(
      '\x1b[31m✖\x1b[39m main: one\n  two three',
    );
  });

  test('a line of two columns continues in its last column', () => {
    expect(wrapText('State  one two three four', 17)).toBe('State  one two\n       three four');
  });

  test('a word that is longer than the line stays whole', () => {
    expect(wrapText('see https://example.com/a/long/path now', 20)).toBe(
      'see\nhttps://example.com/a/long/path\nnow',
    );
  });

  test('a command that fits into a line is not broken', () => {
    expect(wrapText('  Reconnect it now: npx zoom-tokens connect main.', 40)).toBe(
      '  Reconnect it now:\n  npx zoom-tokens connect main.',
    );
  });

  test('a command in bold is not broken either', () => {
    expect(wrapText('Next: \x1b[1mnpx zoom-tokens connect main\x1b[22m', 30)).toBe(
      'Next:\n\x1b[1mnpx zoom-tokens connect main\x1b[22m',
    );
  });

  test('a command that is longer than the line continues as in a shell', () => {
    expect(wrapText('Subscribe: aws sns subscribe --topic-arn arn:aws:sns:x --protocol email', 40)).toBe(
      ['Subscribe:', 'aws sns subscribe --topic-arn \\', '    arn:aws:sns:x --protocol email'].join('\n'),
    );
  });

  test("n8n's expression is not broken", () => {
    expect(wrapText('Paste this there: {{ $secrets.aws.n8n_zoom_main }}', 40)).toBe(
      'Paste this there:\n{{ $secrets.aws.n8n_zoom_main }}',
    );
  });
});
