/** What can go wrong with a call, as one error that a person can be shown. */
import type { Problem } from "./types";

const UNREACHABLE = "TaskFlow can't be reached. Check your connection and try again.";

/**
 * A call that failed.
 *
 * `status` is 0 when no answer came; `fields` says by field what is wrong with the input, and
 * `positions` at which of its characters (code points), where that is known.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    readonly fields: Readonly<Record<string, string>> = {},
    readonly positions: Readonly<Record<string, number>> = {},
  ) {
    super(message);
  }

  static unreachable(cause: unknown): ApiError {
    const error = new ApiError(0, UNREACHABLE);
    error.cause = cause;
    return error;
  }

  /** The error that an answer stands for; `body` is its parsed body, if it had one. */
  static of(answer: Response, body: unknown): ApiError {
    const problem: Partial<Problem> = isProblem(body) ? body : {};
    const said = problem.detail ?? problem.title ?? `TaskFlow answered ${answer.status}.`;
    const text = isAway(answer) ? `TaskFlow can't do this right now: ${inner(said)}.` : said;
    const errors = problem.errors ?? [];
    const fields = Object.fromEntries(errors.map((at) => [at.field, at.message]));
    const positions = Object.fromEntries(
      errors.flatMap((at) => (typeof at.position === "number" ? [[at.field, at.position]] : [])),
    ) as Record<string, number>;
    return new ApiError(answer.status, text + patience(answer), fields, positions);
  }

  /** The same of what stands in `place`, such as `changes`: its fields without that name before them. */
  within(place: string): ApiError {
    const short = (name: string): string =>
      name.startsWith(`${place}.`) ? name.slice(place.length + 1) : name;
    const shortened = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(of).map(([name, value]) => [short(name), value]));
    return new ApiError(
      this.status,
      this.message,
      shortened(this.fields),
      shortened(this.positions),
    );
  }

  /** What is wrong with a field or with anything inside it, such as `reminders.0.offset`. */
  about(field: string): string | undefined {
    const inside = (name: string): boolean => /^[.[]/.test(name.slice(field.length));
    return Object.entries(this.fields).find(
      ([name]) => name === field || (name.startsWith(field) && inside(name)),
    )?.[1];
  }
}

/** What to tell a person beside the form: nothing where one of its fields says it. */
export function describeFor(fields: readonly string[], error: unknown): string {
  const isTold = error instanceof ApiError && fields.some((field) => error.about(field));
  return isTold ? "" : describe(error);
}

/** What to tell a person about anything that was thrown. */
export function describe(error: unknown): string {
  return error instanceof ApiError
    ? error.message
    : "Something went wrong on this page. Reload it.";
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && ("detail" in body || "title" in body);
}

/** Whether something that the server needs is away, and comes back. */
function isAway(answer: Response): boolean {
  return answer.status === 503 && answer.headers.has("Retry-After");
}

/** A sentence as part of another one. */
function inner(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}

function patience(answer: Response): string {
  const seconds = Number(answer.headers.get("Retry-After"));
  if (answer.status !== 429 || !(seconds > 0)) return "";
  return seconds === 1 ? " Try again in a second." : ` Try again in ${seconds} seconds.`;
}
