/** What a person has set, as a form has it and as the API takes it. Pure. */
import type { AccountPatch, User } from "../api/types";

export interface SettingsForm {
  timezone: string;
  level: User["notification_preferences"]["level"];
  isQuiet: boolean;
  /** Wall times, `HH:MM`. */
  start: string;
  end: string;
}

export const LEVELS: readonly (readonly [SettingsForm["level"], string])[] = [
  ["all", "Everything"],
  ["important", "Reminders, and tasks of high or urgent priority"],
  ["none", "Nothing, not even reminders"],
];

/** The form as the account stands. */
export function formOf({ timezone, notification_preferences }: User): SettingsForm {
  const { level, quiet_hours } = notification_preferences;
  const hours = quiet_hours ?? { start: "22:00", end: "07:00" };
  return { timezone, level, isQuiet: quiet_hours !== null, start: hours.start, end: hours.end };
}

/** What to send for the form. */
export function patchOf({ timezone, level, isQuiet, start, end }: SettingsForm): AccountPatch {
  return {
    timezone: timezone.trim(),
    notification_preferences: { level, quiet_hours: isQuiet ? { start, end } : null },
  };
}

/** What has been saved, in a sentence. */
export function savedText({ timezone, notification_preferences }: User): string {
  const { level, quiet_hours } = notification_preferences;
  const told = { all: "everything", important: "what is important", none: "nothing" }[level];
  const quiet = quiet_hours
    ? `quiet from ${quiet_hours.start} to ${quiet_hours.end}`
    : "never quiet";
  return `Saved: time zone ${timezone}, you are told of ${told}, ${quiet}.`;
}

/** The time zones that the browser knows, by name. */
export function zones(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone")];
}
