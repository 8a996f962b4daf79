import { describe, expect, it } from "vitest";
import {
  changedParts,
  type EditForm,
  formOf,
  patchOf,
  rebased,
  withAllDay,
  withPart,
} from "../../src/features/edit";
import { aTask } from "../fixtures";

const DUE = new Date(2026, 2, 2, 9, 0, 30).toISOString();
const task = aTask({
  title: "Tea",
  due_date: DUE,
  tags: ["home", "two words"],
  reminders: [{ offset: "PT1H", at: null, nag: null }],
});

function written(fields: Partial<EditForm>): EditForm {
  return { ...formOf(task), ...fields };
}

describe("the form of an open task", () => {
  it("sends nothing as long as nothing differs, not even the seconds that it does not show", () => {
    expect(patchOf(formOf(task), task)).toEqual({});
  });

  it("sends what differs and nothing else", () => {
    const form = written({ title: " Green tea ", tags: "#home, , new,new", priority: "high" });
    expect(patchOf(form, task)).toEqual({
      title: "Green tea",
      tags: ["home", "new"],
      priority: "high",
    });
  });

  it("keeps the day where the time is left out, and gives it one again", () => {
    const whole = withAllDay(formOf(task), true);
    expect(patchOf(whole, task)).toEqual({ due_date: "2026-03-02", all_day: true });
    expect(withAllDay(whole, false).due).toBe("2026-03-02T09:00");
  });

  it("takes a due date away", () => {
    expect(patchOf(written({ due: "" }), task)).toEqual({ due_date: null });
    const whole = aTask({ due_date: "2026-03-02", all_day: true });
    expect(patchOf({ ...formOf(whole), due: "" }, whole)).toEqual({
      due_date: null,
      all_day: false,
    });
  });

  it("changes a recurrence by a phrase and keeps what that does not speak of", () => {
    const policy = "pile_up" as const;
    const exdates = ["2026-03-09T09:00"];
    const rule = { rule: "FREQ=DAILY", until: null, count: null } as const;
    const recurrence = { ...rule, mode: "schedule", month_end: "skip", policy, exdates } as const;
    const recurring = aTask({ recurrence: { ...recurrence, exdates: [...exdates] } });
    const form = { ...formOf(recurring), phrase: " every monday " };
    expect(patchOf(form, recurring)).toEqual({
      recurrence: { text: "every monday", policy, exdates },
    });
    expect(patchOf({ ...form, phrase: "" }, recurring)).toEqual({ recurrence: null });
  });
});

describe("a change from elsewhere", () => {
  const after = aTask({ ...task, version: 2, title: "Coffee", priority: "high" });

  it("shows where the person has written nothing", () => {
    const { form, clashes } = rebased(written({ description: "hot" }), task, after);
    expect([form.title, form.priority, form.description]).toEqual(["Coffee", "high", "hot"]);
    expect(clashes).toEqual([]);
    expect(changedParts(form, after)).toEqual(["description"]);
  });

  it("leaves what the person writes and says what happened", () => {
    const { form, clashes } = rebased(written({ title: "Green tea" }), task, after);
    expect([form.title, form.priority]).toEqual(["Green tea", "high"]);
    expect(clashes).toEqual([{ part: "title", text: "The title is now “Coffee”." }]);
    expect(withPart(form, "title", formOf(after)).title).toBe("Coffee");
  });

  it("is no clash where both wrote the same", () => {
    expect(rebased(written({ title: "Coffee" }), task, after).clashes).toEqual([]);
  });

  it("of the recurrence meets a phrase that is being written", () => {
    const rule = { rule: "FREQ=DAILY", mode: "schedule", month_end: "skip" } as const;
    const recurring = aTask({ ...task, recurrence: { ...rule, until: null, count: null } });
    expect(rebased(written({ phrase: "every day" }), task, recurring).clashes).toEqual([
      { part: "repeat", text: "It repeats otherwise now." },
    ]);
  });
});
