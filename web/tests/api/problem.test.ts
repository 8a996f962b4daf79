import { describe, expect, it } from "vitest";
import { ApiError, describe as tell, describeFor } from "../../src/api/problem";

const INVALID = {
  detail: "The task is not valid.",
  errors: [
    { field: "title", message: "must not be empty" },
    { field: "reminders.0.offset", message: "is no duration" },
    { field: "recurrence[rule]", message: "is no rule" },
  ],
};

describe("a failed call", () => {
  it("tells the detail of its problem document and what is wrong by field", () => {
    const error = ApiError.of(new Response("", { status: 422 }), INVALID);
    expect(tell(error)).toBe("The task is not valid.");
    expect(error.about("title")).toBe("must not be empty");
    expect(error.about("reminders")).toBe("is no duration");
    expect(error.about("recurrence")).toBe("is no rule");
    expect(error.about("tit")).toBeUndefined();
    expect(error.about("due_date")).toBeUndefined();
  });

  it("tells the title or the status when there is no more to tell", () => {
    const answer = new Response("", { status: 502 });
    expect(tell(ApiError.of(answer, { title: "Bad gateway" }))).toBe("Bad gateway");
    for (const body of [undefined, null, "<html>", {}]) {
      expect(tell(ApiError.of(answer, body))).toBe("TaskFlow answered 502.");
    }
  });

  it("tells how long to wait where there were too many", () => {
    const busy = (seconds: string): string =>
      tell(
        ApiError.of(new Response("", { status: 429, headers: { "Retry-After": seconds } }), {
          detail: "Too many attempts.",
        }),
      );
    expect(busy("1")).toBe("Too many attempts. Try again in a second.");
    expect(busy("12")).toBe("Too many attempts. Try again in 12 seconds.");
    expect(busy("soon")).toBe("Too many attempts.");
  });

  it("that never reached the server says so, and keeps the cause", () => {
    const cause = new TypeError("failed to fetch");
    const error = ApiError.unreachable(cause);
    expect(error).toMatchObject({ status: 0, cause });
    expect(tell(error)).toContain("can't be reached");
  });

  it("is told once: beside its field, or else beside the form", () => {
    const weak = new ApiError(422, "password: is weak", { password: "is weak" });
    expect(describeFor(["email", "password"], weak)).toBe("");
    expect(describeFor(["email"], weak)).toBe("password: is weak");
  });

  it("of any other kind is told without its inner workings", () => {
    expect(tell(new RangeError("secret"))).not.toContain("secret");
  });
});
