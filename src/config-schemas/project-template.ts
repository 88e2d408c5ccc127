import { stringify } from 'yaml';

/**
 * Returns the text of a new project file. A key that is commented out is valid as soon as its "# " is removed; a test
 * removes each.
 */
export function projectTemplate(id: string, { external = false }: { external?: boolean } = {}): string {
  return `# yaml-language-server: $schema=../schemas/project.json
# A project is one file in this folder. Jobato reloads it when it changes; no restart is needed.
# The first line lets an editor complete and check the keys. docs/projects.md of Jobato describes all of them.
# To use a key that is commented out, remove the "# " before it.

id: ${inYaml(id)} # in URLs and on the command line
name: ${inYaml(nameOf(id))} # display name
# description: What this project does # shown on its page
# tags: [example] # by which the overview lists projects
# default: true # used when a trigger names no project
# enabled: false # no run starts

# Values to choose for a run: in the form on the project's page, with --param on the command line, or over REST.
params:
  name: { type: string, default: world, description: Name to greet }
  # count: { type: integer, default: 3, min: 1, max: 10 } # also number and boolean
  # format: { type: enum, values: [md, html], default: md } # one of some texts

${external ? EXTERNAL : STEPS}`;
}

const STEPS = `# Variables of all steps. A step does not inherit the variables of the server.
# env: { TZ: UTC } # values that every reader may see
# passEnv: [API_TOKEN] # secrets of the server; masked in the log
# passPlainEnv: [HTTP_PROXY] # variables of the server that are not secret

# Commands that run one after the other. The first failure ends the run.
steps:
  - name: greet
    # A script for Bash. Its output is the log of the run. JOBATO_PARAMS has the params as JSON.
    run: |
      echo "Hello from run $JOBATO_RUN_ID"
      echo "$JOBATO_PARAMS" > "$JOBATO_RUN_DIR/params.json"
      # Each line of JSON on descriptor 3 is a report: a metric, or a file to download.
      echo '{"metrics":{"greetingsCount":1}}' >&3
      echo '{"artifact":{"path":"params.json"}}' >&3
    timeoutSeconds: 60 # for this step
    # shell: [python3] # another program for the script
    # workingDir: '~' # instead of the folder in which Jobato was started
  # - { name: version, command: [node, --version] } # a program and its arguments, without a shell

# scopes: { quick: [greet] } # parts of the steps that can be run by name
timeoutSeconds: 300 # for the whole run, with its wait for a worker
metrics: [greetingsCount] # shown in the summary bar
# retry: { maxAttempts: 2 } # if the worker is lost during a run
# claimTimeoutSeconds: 600 # longest wait for a worker
# quota: true # quota.yaml limits the calls of the runs
# inputs: queries-x-allowlists # runs get the searches of queries.yaml and allowlists.yaml
# watch: ['docs/**'] # a change of these files marks the project "Needs re-run"
`;

const EXTERNAL = `# A worker of your own receives run.requested and does the work: docs/external-workers.md of Jobato.
executor: external
# steps: [{ name: load }, { name: report }] # the names under which the worker reports its steps

timeoutSeconds: 3600 # for the whole run, with its wait for the worker
# claimTimeoutSeconds: 600 # longest wait for the worker
# stopGraceSeconds: 60 # time for the worker to confirm a stop
# retry: { maxAttempts: 2 } # if the worker is lost during a run
# metrics: [greetingsCount] # shown in the summary bar
# quota: true # quota.yaml limits the calls of the runs
# inputs: queries-x-allowlists # runs get the searches of queries.yaml and allowlists.yaml
`;

/** Quotes ids such as 2026 and null, which YAML does not read as texts. */
function inYaml(text: string): string {
  return stringify(text, { blockQuote: false }).trim();
}

function nameOf(id: string): string {
  const words = id.split('-').filter(Boolean).join(' ');
  return words === '' ? id : words[0]!.toUpperCase() + words.slice(1);
}
