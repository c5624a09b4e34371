/**
 * The error catalogue. A code never changes its meaning and is never used again for another one; scripts may rely on
 * codes and exit codes. `docs/errors.md` is generated from here.
 */

export const exitCodes = {
  ok: 0,
  bug: 1,
  usage: 2,
  refused: 3,
  rolledBack: 4,
  halted: 5,
  busy: 6,
  environment: 7,
  interrupted: 130,
} as const;
export type ExitName = keyof typeof exitCodes;

interface CatalogueEntry {
  exit: ExitName;
  /** What it means, for docs/errors.md. */
  means: string;
  /** What a person does about it, unless the place that throws knows better. */
  next: string;
}

const entry = (exit: ExitName, means: string, next: string): CatalogueEntry => ({ exit, means, next });

export const catalogue = {
  "config-invalid": entry(
    "usage",
    "A config file holds values that the schema does not accept.",
    "Correct the values named; nothing was changed.",
  ),
  "unknown-environment": entry(
    "usage",
    "There is no environment of that name.",
    "Use dev, staging or prod (development and production are understood too).",
  ),
  "unknown-team": entry(
    "usage",
    "The environment has no team of that name.",
    "Use one of the teams listed, or add the team to Pulumi.<environment>.yaml and run `switchyard up`.",
  ),
  "unknown-ref": entry(
    "usage",
    "The repository has no such branch, tag or commit.",
    "Check the name with `git branch -a`; push or fetch it first.",
  ),
  usage: entry("usage", "The command line is not one that switchyard understands.", "See `switchyard help`."),
  "environment-down": entry(
    "environment",
    "The environment's stack has not been brought up, or its daemons do not answer.",
    "Run `switchyard up <environment>`.",
  ),
  "platform-missing": entry(
    "refused",
    "The platform that this environment asks for is not there yet.",
    "Set `switchyard:platform: local` for this environment, or wait for that platform's release.",
  ),
  "source-unreadable": entry(
    "usage",
    "The team's git repository cannot be read.",
    "Check `teams.<team>.source.repository` and that you may read it.",
  ),
  "source-invalid": entry(
    "refused",
    "The commit cannot be exported: its folder is missing, or it has submodules or links that lead outside.",
    "Correct the branch or `teams.<team>.source.path`, deploy again. The live slot was not touched.",
  ),
  "build-failed": entry(
    "refused",
    "A build command of the version ended with an error.",
    "Read its last lines, repair the branch, deploy again. The live slot was not touched.",
  ),
  "port-taken": entry(
    "environment",
    "A port that Switchyard needs is used by another process.",
    "Stop that process, or set another port (`firstPort`, `loadBalancer.port`).",
  ),
  "disk-full": entry(
    "environment",
    "The disk is full.",
    "Free room and run the command again; the last good state was kept.",
  ),
  "candidate-unhealthy": entry(
    "refused",
    "The candidate did not pass its verification in time; it never had traffic.",
    "Read `switchyard logs <team> <environment>`; repair the version and deploy it again.",
  ),
  "stage-failed": entry(
    "refused",
    "The candidate could not be brought up in the idle slot; it never had traffic.",
    "Read the cause; the live slot was not touched.",
  ),
  "admission-refused": entry(
    "refused",
    "A check before the release said no.",
    "Do what the check's reason says, then deploy again.",
  ),
  "weights-differ": entry(
    "halted",
    "The load balancer's weights are not what the stack's state says.",
    "Run `switchyard resume <team> <environment>`, which makes them agree again.",
  ),
  "stale-epoch": entry(
    "busy",
    "Another driver took over this team; this one may not change traffic any more.",
    "See `switchyard status`; the newer driver goes on with the release.",
  ),
  "stale-config": entry(
    "refused",
    "A team stack's release config is older than the stack's state.",
    "Run `pulumi config refresh -s <environment>.<team>`, then repeat.",
  ),
  "team-busy": entry(
    "busy",
    "Another release of this team is running.",
    "Wait for it, or stop it with `switchyard abort <team> <environment>`.",
  ),
  "lease-lost": entry(
    "busy",
    "This driver lost its lease on the team and stopped.",
    "Run `switchyard resume <team> <environment>`.",
  ),
  "nothing-to-resume": entry("refused", "No release of this team was left unfinished.", "Nothing to do."),
  "no-rollback-target": entry(
    "refused",
    "There is no other slot with a version that could take the traffic.",
    "Deploy a version that is known to be good.",
  ),
  "rollback-target-unhealthy": entry(
    "halted",
    "The old slot is not healthy, so traffic was not moved to it.",
    "Repair or redeploy; both slots' conditions are in `switchyard status`.",
  ),
  "rolled-back": entry(
    "rolledBack",
    "The version turned bad and the traffic was put back.",
    "Read the gate's evidence in `switchyard history`.",
  ),
  halted: entry(
    "halted",
    "A policy says that a person decides here.",
    "Look at the evidence, then `switchyard resume` or `switchyard rollback`.",
  ),
  "state-damaged": entry(
    "environment",
    "A state, journal or record file cannot be read as what it should be. It was not overwritten.",
    "Restore the backup named in the message, or look at the file.",
  ),
  "passphrase-wrong": entry(
    "environment",
    "The passphrase does not open this stack's secrets.",
    "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one the stack was made with.",
  ),
  "team-in-use": entry(
    "refused",
    "A team cannot be removed while its stack still has resources.",
    "Run `switchyard down --team <team>` first.",
  ),
  "release-in-flight": entry(
    "refused",
    "The environment may not change this while a release of the team is running.",
    "Wait for the release, or abort it.",
  ),
  "stack-locked": entry(
    "busy",
    "Pulumi's lock on the stack is held by somebody else.",
    "Wait; if its owner is gone, `switchyard resume` takes over.",
  ),
  "stack-operation-failed": entry(
    "environment",
    "A Pulumi operation failed.",
    "Read the diagnostics above; state and traffic agree with what the message says.",
  ),
  "engine-missing": entry(
    "environment",
    "The engine asked for is not installed.",
    "Install the Pulumi CLI, or use `--engine embedded`.",
  ),
  "cluster-context": entry(
    "refused",
    "The kubeconfig has no context of the name that the environment gives, or it leads to another cluster.",
    "Correct the kubeconfig or `switchyard:kubernetes`; nothing was touched.",
  ),
  "cluster-login": entry(
    "environment",
    "The cluster does not take the credentials of the context.",
    "Log in again, then repeat.",
  ),
  "cluster-unreachable": entry(
    "environment",
    "The cluster's API server does not answer, or says that it cannot.",
    "Look at the network and the cluster; repeat when `kubectl --context <context> get --raw /readyz` says ok.",
  ),
  "cluster-refused": entry(
    "refused",
    "The cluster's API server refused a request.",
    "Do what its reason says; nothing of the object was changed.",
  ),
  "cluster-lacks": entry(
    "environment",
    "The cluster has no such kind of object: the definition of a custom resource is missing.",
    "Install it: the Gateway API's standard channel for HTTPRoute and Gateway, the Prometheus operator's for PrometheusRule.",
  ),
  "not-ready": entry(
    "environment",
    "An object is in the cluster and did not get ready.",
    "Repair what the sentence names, then repeat.",
  ),
  unsupported: entry("usage", "The embedded engine does not do this.", "Use the Pulumi CLI: `--engine cli`."),
  "git-failed": entry(
    "environment",
    "A git command ended with an error, or not in time.",
    "Read git's own words in the message; nothing that was committed or left uncommitted is touched by a command that failed.",
  ),
  "branch-invalid": entry(
    "usage",
    "A branch's name is not one that the team's rule allows, or the branch is nobody's.",
    "Use a name as the message says; `switchyard branch list` shows the branches there are.",
  ),
  "branch-refused": entry(
    "refused",
    "A branch was left as it is, because the command could have lost somebody's work or somebody else was faster.",
    "Do what the message says. Nothing was changed.",
  ),
  "branch-conflict": entry(
    "refused",
    "A branch does not merge with what it should be brought together with. Nothing was changed.",
    "Resolve the files named on the branch, or talk to those who changed them.",
  ),
  "repository-unfit": entry(
    "refused",
    "The repository cannot be worked on as it is: it is shallow, has no base yet, or the team's source is no clone.",
    "Do what the message says.",
  ),
  interrupted: entry(
    "interrupted",
    "The command was interrupted and cleaned up after itself.",
    "Run it again when you are ready.",
  ),
  unexpected: entry(
    "bug",
    "Something that should not happen: a bug in Switchyard.",
    "Please report it with the output of `--verbose`.",
  ),
} as const satisfies Record<string, CatalogueEntry>;
export type ErrorCode = keyof typeof catalogue;

/** A mistake or a failure that a person can do something about. `message` is one sentence: what, where, what was expected. */
export class SwitchyardError extends Error {
  readonly code: ErrorCode;
  /** What to do. */
  readonly next: string;
  readonly facts: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    message: string,
    more: { next?: string; facts?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = "SwitchyardError";
    this.code = code;
    this.next = more.next ?? catalogue[code].next;
    this.facts = more.facts ?? {};
  }

  /** The same, with the places that its advice leaves open filled in: `<environment>`, `<team>`. */
  at(places: Record<string, unknown>): SwitchyardError {
    const next = this.next.replaceAll(/<([a-z]+)>/g, (open, name) => {
      const known = places[name];
      return typeof known === "string" ? known : open;
    });
    return next === this.next
      ? this
      : new SwitchyardError(this.code, this.message, { next, facts: this.facts, cause: this });
  }

  get exitCode(): number {
    return exitCodes[catalogue[this.code].exit];
  }
}

/** The sentence in any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
