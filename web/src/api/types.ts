/**
 * The shapes of the HTTP contract that the page uses, under the page's names. The rest of the page
 * takes them from here and from nowhere else; `generated.ts` is made from contracts/openapi.json.
 */
import type { components } from "./generated";

export type { paths } from "./generated";

type Schemas = components["schemas"];

export type User = Schemas["Account"];
export type AccountPatch = Schemas["AccountPatch"];
export type Credentials = Schemas["LoginBody"];
export type Registration = Schemas["RegisterBody"];

/** A task; `due_date` is a plain date when `all_day` is set, else an instant in UTC. */
export type Task = Schemas["TaskState"];
export type Priority = Task["priority"];
export type Status = Task["status"];
export type TaskPage = Schemas["TaskPage"];
export type TaskDraft = Schemas["TaskBody"];
/** A merge patch: what is left out stays, null takes the default. */
export type TaskPatch = Schemas["TaskChanges"];
/** When to remind, as it is kept and as it is sent. */
export type ReminderDraft = Schemas["ReminderBody"];

/** A line of which a task is made, what it made, and what was understood of it. */
export type QuickLine = Schemas["QuickAddBody"];
export type QuickAdded = Schemas["QuickAdded"];
export type QuickPreview = Schemas["QuickPreview"];
export type Understood = Schemas["Understanding"];

/** How a task repeats, as it is kept: `rule` is an RRULE (RFC 5545). */
export type Recurrence = Schemas["Recurrence"];
/** The same on the way in, where short forms are taken too. */
export type RecurrenceDraft = Schemas["RecurrenceBody"];

/** A series with its newest instances and how well it was kept. */
export type SeriesWhole = Schemas["SeriesWithInstances"];
export type Series = Schemas["SeriesState"];
export type SeriesPatch = Schemas["SeriesPatch"];
export type Scope = SeriesPatch["scope"];
export type Policy = NonNullable<Recurrence["policy"]>;
export type Statistics = Schemas["Statistics"];
export type HistoryItem = Schemas["HistoryItem"];
export type HistoryPage = Schemas["HistoryPage"];
export type Calendar = Schemas["Calendar"];
export type CalendarDay = Schemas["CalendarDay"];
export type CalendarEntry = Schemas["CalendarEntry"];

/** A rule or phrase to try, and what comes of it. */
export type RuleTrial = Schemas["PreviewBody"];
export type RulePreview = Schemas["Preview"];
/** One occurrence: with the zone's offset, or a date, and what is not plain about it. */
export type Occurrence = Schemas["Shown"];

/** What the page shows of a notification. Its id is a number in the list and text in a frame. */
export type Notification = Omit<
  Schemas["Notification"],
  "id" | "task" | "event_type" | "reminder"
> & {
  id: number | string;
  event_type: string;
  /** The reminder that it tells of, if it tells of one. */
  reminder?: Reminded | null;
};
/** Which reminder a notification tells of, when it was meant to come, and how late it was. */
export type Reminded = Pick<
  Schemas["ReminderFacts"],
  "id" | "fire_at" | "late_by_seconds" | "digest"
>;
export type NotificationPage = Omit<Schemas["NotificationPage"], "items"> & {
  items: Notification[];
};

/** When a task asks to be reminded of: a duration before its due date, or an instant. */
export type Reminder = Schemas["Reminder"];
/** Where a reminder stands, and all that happened to it. */
export type ReminderState = Schemas["ReminderState"];
export type ReminderPage = Schemas["ReminderPage"];
export type Timeline = Schemas["Timeline"];
export type Happening = Schemas["Happening"];
export type SnoozePresets = Schemas["SnoozePresets"];
export type SnoozePreset = Schemas["SnoozePreset"];
export type SnoozeChoice = Schemas["SnoozeBody"];

/** A way by which a person is reminded beside the page; of its address only a part is shown. */
export type Channel = Schemas["ChannelState"];
export type ChannelKind = Schemas["ChannelKind"];
export type ChannelList = Schemas["ChannelList"];
export type ChannelDraft = Schemas["ChannelBody"];
export type ChannelPatch = Schemas["ChannelPatch"];
export type ChannelSecret = Schemas["ChannelSecret"];
export type ChannelTest = Schemas["ChannelTest"];
/** What a browser gives away for being pushed to. */
export type Subscription = Schemas["Subscription"];

/** A habit seen in the person's own tasks, with what tells of it. */
export type Suggestion = Schemas["SuggestionState"];
export type SuggestionList = Schemas["Suggestions"];

/** RFC 9457 problem details, with `errors` for the fields that are wrong. */
export type Problem = Schemas["Problem"];
