const { execFileSync } = require('node:child_process');
const { join } = require('node:path');

/** The specs run the built files, so the build must be up to date. An unchanged build takes about 1 s. */
module.exports = function build() {
  const cwd = join(__dirname, '..', '..');
  execFileSync('npm', ['run', '--silent', 'build'], { cwd, stdio: 'inherit' });
};
