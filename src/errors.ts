/** The exit codes of every command (a contract: scripts read them). */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  environment: 3,
  thresholdMissed: 99,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * A mistake or a lack that the user can mend. The message is one sentence that says what is wrong
 * and what to do; it is shown without a stack. Anything else that is thrown is a defect of ours and
 * keeps its stack and cause.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = ExitCode.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Whether it is a user's mistake; placement and the balancer have classes of their own for it, known by name. */
export const isUserError = (error: unknown): error is Error =>
  error instanceof Error && ["UserError", "PlacementError", "ConfigError"].includes(error.name);

/** A flag or argument that can't be: exit code 2. */
export const usageError = (message: string): UserError => new UserError(message, ExitCode.usage);
/** Something the machine lacks: exit code 3; `lbctl doctor` says more. */
export const environmentError = (message: string, options?: ErrorOptions): UserError =>
  new UserError(message, ExitCode.environment, options);

/** The `code` of a system error (ENOENT), or else its message. */
export const codeOf = (error: unknown): string =>
  error instanceof Error ? ("code" in error && String(error.code)) || error.message : String(error);
