import { describe, expect, it } from "vitest";
import type { User } from "../../src/api/types";
import { formOf, patchOf, savedText, zones } from "../../src/features/settings";

const USER: User = {
  id: "u",
  email: "ada@example.com",
  name: "Ada",
  timezone: "Europe/Berlin",
  role: "user",
  notification_preferences: { level: "all", quiet_hours: null },
  created_at: "2026-01-20T08:00:00Z",
};

describe("the settings", () => {
  it("stand in the form as they are, and come back as they were", () => {
    const { timezone, notification_preferences } = USER;
    expect(patchOf(formOf(USER))).toEqual({ timezone, notification_preferences });
    const quiet = {
      ...USER,
      notification_preferences: { level: "none", quiet_hours: HOURS },
    } as const;
    expect(patchOf(formOf(quiet)).notification_preferences).toEqual(quiet.notification_preferences);
  });

  it("say what was saved", () => {
    expect(savedText(USER)).toContain("Europe/Berlin, you are told of everything, never quiet");
    const quiet = {
      ...USER,
      notification_preferences: { level: "none", quiet_hours: HOURS },
    } as const;
    expect(savedText(quiet)).toContain("nothing, quiet from 21:00 to 06:30");
  });

  it("know the zones of the world", () => {
    expect(zones()).toContain("Europe/Berlin");
    expect(new Set(zones()).size).toBe(zones().length);
  });
});

const HOURS = { start: "21:00", end: "06:30" };
